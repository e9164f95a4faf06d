// Before anything is painted: dark where the viewer's machine is, unless they chose; and their time zone.
(() => {
  const root = document.documentElement;
  root.dataset.scripts = "";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    if (root.dataset.theme === "auto") root.toggleAttribute("data-bs-theme", false);
    if (root.dataset.theme === "auto" && dark.matches) root.setAttribute("data-bs-theme", "dark");
  };
  paint();
  dark.addEventListener("change", paint);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes(`lamplighter_zone=${zone}`)) {
    document.cookie = `lamplighter_zone=${zone}; path=/console; max-age=31536000; samesite=lax`;
  }
})();
