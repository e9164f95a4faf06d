"""The model, the judge, the names: pure, by tables and by properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.archive.importing.number_checks import VERDICTS
from gateway.archive.misdirection import concerned, meant_by
from gateway.archive.names import Fit, fit, plain, same_person
from gateway.archive.trust import judging, marks, model
from gateway.archive.trust.judging import Evidence, judge
from gateway.archive.trust.plotting import reliability_svg
from gateway.cases.misdirected import is_misdirected
from gateway.channels.twilio_lookup import meaning
from tests.archive.test_misdirection import SENT, held

ANY_MARKS = st.integers(0, 2 ** len(marks.MARKS) - 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("温　蘭香(住宅)", "温兰香"), ("王军飞先生", "王军飞"), ("趙斌鵬", "赵斌鹏"), ("于涓慧", "于娟慧"),
        ("岚邮政储蓄银行有限责任公司东湖支行", "岚邮政储蓄银行有限公司东湖支行"), ("王 强", "王强"),
        ("JOHN  Smith", "John Smith"),
        ("其美·旺堆", "其美旺堆"),
    ],
)  # fmt: skip
def test_one_person_in_two_spellings(one: str, other: str) -> None:
    assert same_person(one, other) and same_person(other, one)


@pytest.mark.parametrize(("one", "other"), [("王强", "王刚"), ("张伟", "章维伟"), ("", ""), ("李", "黎")])
def test_two_people_are_not_one(one: str, other: str) -> None:
    assert not same_person(one, other)


@pytest.mark.parametrize(
    ("contact", "holder", "expected"),
    [
        ("邵宏伟", "东湖区邵氏茶楼", Fit.SHOP), ("李明涛", "岚州市金康医药连锁有限公司", Fit.GROUP),
        ("岚州市祥美公寓管理有限公司", "丁浩东", Fit.GROUP), ("王磊", "王强", Fit.KIN), ("高静霞", "赵根祥", Fit.OTHER),
        ("18500084923", "何祥发", Fit.BLANK), (None, "何祥发", Fit.BLANK), ("何祥發", "何祥发", Fit.SAME),
    ],
)  # fmt: skip
def test_how_a_contacts_name_fits_the_holders(contact: str | None, holder: str, expected: Fit) -> None:
    assert fit(contact, holder) is expected


@given(st.text(max_size=20))
def test_a_plain_name_is_as_plain_as_it_gets(name: str) -> None:
    assert same_person(name, name) == bool(plain(name))
    fit(name, name)


@given(ANY_MARKS)
def test_what_speaks_against_a_link_makes_it_less_likely(seen: int) -> None:
    for mark in marks.MARKS:
        before, after = model.probability(seen & ~marks.bit(mark.name)), model.probability(seen | marks.bit(mark.name))
        assert after >= before if mark.weight >= 0 else after <= before
    assert 0 < model.probability(seen) < 1
    assert len(model.because(seen)) == seen.bit_count()


def test_families_and_who_pays_for_many_are_normal() -> None:
    assert model.probability(marks.together(["relative", "kin_name"])) > 0.8
    assert model.probability(marks.together(["payer", "old"])) > 0.8
    assert model.finding(marks.together(["payer", "corroborated", "later_with_kin"])) is None


def test_what_is_said_of_a_number_as_a_whole_comes_first() -> None:
    seen = marks.together(["many_names", "later_elsewhere", "newer_number"])
    assert (model.finding(seen) or marks.MARKS[0]).reason == "shared_number"
    assert (model.finding(seen & ~marks.bit("many_names")) or marks.MARKS[0]).reason == "name_mismatch"


def test_every_finding_is_a_reason_and_is_found_by_itself() -> None:
    for mark in marks.MARKS:
        if mark.reason is not None:
            assert model.finding(marks.bit(mark.name)) == mark


def test_weights_follow_many_outcomes_and_hardly_a_few() -> None:
    tenant = marks.bit("tenant")
    few = model.fit([model.Outcomes(tenant, right=3, wrong=0)])
    many = model.fit([model.Outcomes(tenant, right=3000, wrong=30), model.Outcomes(0, right=500, wrong=500)])
    assert abs(few["tenant"] - model.REVIEWED["tenant"]) < 0.3
    assert model.probability(tenant, many) == pytest.approx(0.99, abs=0.02)
    assert model.probability(0, many) == pytest.approx(0.5, abs=0.05)
    assert model.fit([]) == pytest.approx(dict(model.REVIEWED))


def test_a_fit_is_calibrated_on_what_it_was_fitted_to() -> None:
    patterns = [(marks.bit(name), share) for name, share in (("old", 70), ("fresh", 95), ("other_name", 40))]
    weights = model.fit([model.Outcomes(bits, right=share * 20, wrong=(100 - share) * 20) for bits, share in patterns])
    for bits, share in patterns:
        assert model.probability(bits, weights) == pytest.approx(share / 100, abs=0.03)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=50))
def test_reliability_counts_every_outcome_once(told: list[tuple[float, bool]]) -> None:
    steps = model.reliability(told)
    assert sum(step.count for step in steps) == len(told)
    assert sum(step.right for step in steps) == sum(right for _, right in told)
    assert reliability_svg([(step.thought, step.right / step.count, step.count) for step in steps]).startswith("<svg")


def fresh(*kinds: str) -> list[Evidence]:
    return [Evidence(kind=kind, age=timedelta(0)) for kind in kinds]


@pytest.mark.parametrize(
    ("kinds", "probability", "action"),
    [
        (["wrong_number"], 0.99, "suspend"),
        (["ticket"], None, "suspend"),
        (["staff_number"], None, "suspend"),
        (["lookup"], None, "ask"),
        (["shared_number", "near_miss", "transfer", "lookup"], 0.005, "ask"),
        (["name_mismatch"], 0.9, "ask"),
        (["temporary"], 0.9, "watch"),
        (["blocked"], 0.9, "nothing"),
        (["silence"], 0.9, "watch"),
        ([], 0.9, "nothing"),
        ([], 0.2, "ask"),
        (["opt_out"], 0.9, "nothing"),
    ],
)
def test_what_follows_from_evidence(kinds: list[str], probability: float | None, action: str) -> None:
    verdict = judge(fresh(*kinds), probability)
    assert verdict.action == action
    assert verdict.because or action == "nothing"


def test_a_not_me_from_a_number_that_pays_is_a_doubtful_word() -> None:
    assert judge(fresh("wrong_number", "paid_after_reminder")).doubtful_word
    assert not judge(fresh("wrong_number")).doubtful_word


@given(st.lists(st.sampled_from(sorted(set(judging.WEIGHTS) - judging._WORDS)), max_size=8), st.floats(0.005, 0.995))
def test_nothing_but_somebodys_word_suspends(kinds: list[str], probability: float) -> None:
    assert judge(fresh(*kinds), probability).action != "suspend"


def test_weak_evidence_fades() -> None:
    old = [Evidence(kind="temporary", age=timedelta(days=300))]
    assert judge(old).weight < judge(fresh("temporary")).weight / 100


def own(number: int, **more: Any) -> Any:
    fields = {"customer_id": number, "holder": f"王{chr(0x4E00 + 97 * number)}", "role": "holder"}
    return held(number, **{**fields, "name": fields["holder"], **more})


def test_a_strangers_own_account_is_left_alone() -> None:
    before = own(1, holder="陈功博", name="陈功博", said_on=date(2012, 1, 1))
    theirs = own(4, holder="郑亨元", name="郑亨元", said_on=date(2024, 3, 30))
    concern = concerned("wrong_number", [before, theirs], answered={1}, told={1, 4}, since=SENT)
    assert concern.stopped == (before,) and concern.standing == (theirs,)
    # The other way round it is the newer one that was disowned, and the older one says nothing for itself.
    concern = concerned("wrong_number", [before, theirs], answered={4}, told={1, 4}, since=SENT)
    assert set(concern.stopped) == {before, theirs}


def test_the_same_persons_other_account_goes_with_it() -> None:
    one, other = own(1, holder="温兰香"), own(2, holder="溫蘭香", said_on=date(2024, 1, 1))
    concern = concerned("wrong_number", [one, other], answered={1}, told={1}, since=SENT)
    assert set(concern.stopped) == {one, other}


def test_who_pays_for_many_disowns_one() -> None:
    flats = [own(number, role="payer", name="戴鹏亮", holder=f"租客{number}") for number in range(1, 6)]
    concern = concerned("wrong_number", flats, answered={1}, told={1, 2}, since=SENT)
    assert concern.stopped == (flats[0],) and len(concern.standing) == 4


def test_who_sold_a_flat_and_keeps_two_speaks_of_the_flat() -> None:
    sold = own(1, holder="杨辰", name="赵浩良", state="verified", verified_at=SENT - timedelta(days=67))
    kept = [own(number, customer_id=5, holder="赵浩良", name=None) for number in (2, 3)]
    for newest in (1, 2, 3):
        recent = {1, 2, 3} - {newest}
        assert meant_by({newest}, recent, [sold, *kept], SENT).accounts == {1}
    assert concerned("wrong_number", [sold, *kept], answered={1}, told={1, 2, 3}, since=SENT).stopped == (sold,)


def test_words_that_name_nobody_are_laid_on_every_text_that_may_be_meant() -> None:
    """Two that came together: by dates alone neither is left out, for a report on the wrong text is one ignored."""
    before = own(1, holder="苏若伟", name="苏若伟", said_on=date(2013, 10, 9))
    later = own(2, holder="赵新政", name="赵新政", said_on=date(2021, 3, 20))
    assert meant_by({1}, {2}, [before, later], SENT).accounts == {1, 2}
    confirmed = own(2, holder="赵新政", name="赵新政", state="verified", verified_at=SENT - timedelta(days=40))
    assert meant_by({2}, {1}, [before, confirmed], SENT).accounts == {1}
    assert meant_by({1}, set(), [before, later], SENT).accounts == {1}


def test_of_many_that_somebody_pays_for_the_doubted_one_is_meant() -> None:
    flats = [own(number, role="payer", name="贾芳波", holder=f"租客{number}") for number in range(1, 6)]
    assert meant_by({3}, {1, 2, 4, 5}, flats, SENT).accounts == {3}
    sold = own(2, role="payer", name="贾芳波", holder="丁信心", probability=0.2)
    assert meant_by({3}, {1, 2, 4, 5}, [*flats[:1], sold, *flats[2:]], SENT).accounts == {2}


def test_of_many_that_somebody_pays_for_what_changed_last_is_meant() -> None:
    """Records changed by none of their contacts come before accounts whose tenants gave numbers of their own."""
    flats = [own(number, role="payer", name="曹国泽", holder=f"租客{number}") for number in range(1, 9)]
    tenants = [replace(flat, superseded_on=date(2020, 1, flat.link_id)) for flat in flats]
    assert meant_by({3}, set(range(1, 9)), tenants, SENT).accounts == {7, 8}
    sold = [replace(flat, changed_on=date(2024, flat.link_id, 1)) if flat.link_id < 6 else flat for flat in tenants]
    spoken = meant_by({8}, set(range(1, 9)), sold, SENT)
    assert (spoken.accounts, spoken.maybe) == ({2, 3, 4, 5}, {1, 6, 7, 8})


def test_an_agent_who_disowned_many_accounts_pays_for_none() -> None:
    def links(gone: int, of: int) -> list[Any]:
        mine = {"role": "agent", "name": "蔡以友"}
        left = {"state": "suspended", "of_word": True}
        return [own(n, **mine, holder=f"住户{n}", **(left if n <= gone else {})) for n in range(1, of + 1)]

    for gone, of, stopped in ((1, 9, 1), (2, 9, 7), (3, 22, 1), (4, 22, 18)):
        agents = links(gone, of)
        concern = concerned("wrong_number", agents, answered={of}, told={of}, since=SENT)
        assert len(concern.stopped) == stopped, (gone, of)
        landlords = [replace(one, role="payer") for one in agents]
        assert len(concerned("wrong_number", landlords, answered={of}, told={of}, since=SENT).stopped) == 1


def test_who_disowns_many_with_one_word_pays_for_none_of_the_others() -> None:
    """An agent's number on accounts under their holders' names and under the agent's own."""
    theirs = [own(number) for number in range(1, 5)]
    agents = [own(number, role="agent", name="李建英", holder=f"住户{number}") for number in range(5, 11)]
    told = {1, 2, 3, 4}
    assert concerned("wrong_number", [*theirs, *agents], answered=told, told=told, since=SENT).standing == ()
    few = concerned("wrong_number", [theirs[0], *agents], answered={1}, told={1}, since=SENT)
    assert few.standing == tuple(agents)


def test_what_was_confirmed_before_the_flat_was_sold_proves_nothing() -> None:
    confirmed = {"state": "verified", "verified_at": SENT - timedelta(days=90)}
    sold = own(1, holder="邓翰", name="王茂", came_to_another=True, **confirmed)
    friend = own(4, holder="曹乐力", name="王茂", role="relative", **confirmed)
    for newest in (1, 4):
        assert meant_by({newest}, {1, 4}, [sold, friend], SENT).accounts == {1}


def test_what_a_correction_brought_is_not_stopped_for_another_account() -> None:
    slipped, brought = own(1, holder="萧国", name="魏震新"), own(4, holder="魏震", name=None, given=True)
    concern = concerned("wrong_number", [slipped, brought], answered={1}, told={1}, since=SENT)
    assert concern.stopped == (slipped,) and concern.standing == (brought,)
    assert concerned("wrong_number", [slipped, brought], answered={4}, told={4}, since=SENT).stopped[-1] == brought


def test_who_answers_for_the_own_account_and_a_relatives_speaks_of_the_third() -> None:
    home = own(1, holder="杨思之", name="杨思之")
    slipped = own(2, holder="罗博平", name="杨思之")
    parents = own(3, holder="王友绍", name="杨思之", role="payer")
    for newest in (1, 2, 3):
        assert meant_by({newest}, {1, 2, 3} - {newest}, [home, slipped, parents], SENT).accounts == {2}


def test_a_slipped_row_leaves_the_neighbour_his_own() -> None:
    slipped = own(1, holder="朱军达", name="苏轮")
    theirs = own(2, holder="东湖区苏氏面馆", name="苏轮")
    concern = concerned("wrong_number", [slipped, theirs], answered={1}, told={1}, since=SENT)
    assert concern.stopped == (slipped,) and concern.standing == (theirs,)


@pytest.mark.parametrize(
    ("kind", "subtype", "content", "expected"),
    [
        ("opinion", "短信错发", "", True),
        ("complaint", None, "客户反映收到其他客户户号4105000015791的停电通知,要求取消短信。", True),
        ("opinion", None, "短信总发错,不是我的户号", True),
        ("consultation", "电量电费查询", "客户咨询上月电量电费。", False),
        ("fault_repair", "低压故障", "发错电了", False),
        ("praise", None, "短信提醒及时", False),
    ],
)
def test_which_orders_tell_of_a_misdirected_text(kind: str, subtype: str | None, content: str, expected: bool) -> None:
    assert is_misdirected(kind, subtype, content) is expected


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ({"valid": False}, "inactive"),
        ({"valid": True, "reassigned_number": {"is_number_reassigned": "yes"}}, "recycled"),
        ({"valid": True, "line_type_intelligence": {"type": "landline"}}, "no_text"),
        ({"valid": True, "identity_match": {"summary_score": 100}}, "name_match"),
        ({"valid": True, "identity_match": {"summary_score": 0}}, "name_mismatch"),
        ({"valid": True, "identity_match": {"summary_score": 50}}, "unknown"),
        ({"valid": True, "line_type_intelligence": {"type": "mobile"}, "identity_match": None}, "active"),
        ({}, "unknown"),
    ],
)
def test_what_twilios_lookup_comes_to(said: dict[str, Any], verdict: str) -> None:
    assert meaning(said).verdict == verdict


def test_lists_of_numbers_use_known_words() -> None:
    assert set(VERDICTS.values()) == {"recycled", "inactive", "active", "unknown"}


def test_beside_one_that_is_doubted_the_likely_one_is_only_held() -> None:
    """A number sold again: the old customer's account is doubted, the one written down later is likely its owner's."""
    old = own(1, holder="胡英", name="胡英", said_on=date(2013, 12, 30), probability=0.04)
    new = own(2, holder="郭霞中", name="郭霞中", said_on=date(2019, 4, 4), probability=0.9)
    for newest in (1, 2):
        spoken = meant_by({newest}, {1, 2}, [old, new], SENT)
        assert (spoken.accounts, spoken.maybe) == ({1}, {2})
    unreckoned = own(2, holder="郭霞中", name="郭霞中", said_on=date(2019, 4, 4))
    assert meant_by({1}, {2}, [old, unreckoned], SENT).accounts == {1, 2}


def test_the_holder_next_door_keeps_the_own_number_where_the_other_is_named() -> None:
    slipped = own(1, holder="蒋轮红", name="蒋轮红", said_on=date(2020, 2, 13))
    theirs = own(2, holder="叶杰邦", name="叶杰邦", said_on=date(2013, 11, 15))
    far = own(4, holder="叶杰邦", name="叶杰邦", said_on=date(2013, 11, 15))
    assert concerned("wrong_number", [slipped, theirs], answered={1}, told={1, 2}, since=SENT).stopped == (slipped,)
    assert len(concerned("wrong_number", [slipped, far], answered={1}, told={1, 4}, since=SENT).stopped) == 2


def test_a_no_to_a_contact_check_says_it_of_the_same_holders_other_account() -> None:
    one, other = own(1, holder="唐义政", name="唐义政"), own(4, holder="唐 义政", name="唐义政")
    code = concerned("moved_or_sold", [one, other], answered={1}, told=set(), since=SENT, by_code=True)
    assert set(code.stopped) == {one, other}
    words = concerned("moved_or_sold", [one, other], answered={1}, told={1, 4}, since=SENT)
    assert words.stopped == (one,) and words.asked == (other,)


def test_who_was_disowned_for_one_account_surely_stands_for_no_other() -> None:
    gone = own(1, holder="唐义政", name="唐义政", state="suspended", of_word=True)
    same = own(3, holder="唐 义政", name="唐义政")
    slipped = own(4, holder="刘红祥", name="唐义政")
    assert meant_by({4}, {3}, [gone, same, slipped], SENT).accounts == {3, 4}
    assert meant_by({4}, {3}, [own(1, holder="唐义政", name="唐义政"), same, slipped], SENT).accounts == {4}
