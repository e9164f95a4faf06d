"""Looking through the archive: one statement for each thing that can be seen of links, over all of them at once.

`swept` is every link that sends, with its names in their plain forms; a statement of `SIGHTS` answers with
link ids and, where another link is the evidence, the id of that. A person is one customer, or the same name (by
its sound) with the same masked identity number.
"""

from __future__ import annotations

from typing import Final

#: Names that were not compared before: `$1` caps how many are given back at once.
NEW_NAMES: Final = """
SELECT name FROM (
  SELECT holder_name AS name FROM account UNION SELECT name FROM contact_link WHERE name IS NOT NULL
) every WHERE NOT EXISTS (SELECT 1 FROM name_form known WHERE known.name = every.name)
"""

SWEPT: Final = """
CREATE TEMP TABLE swept ON COMMIT DROP AS
SELECT l.id, l.account_id, l.contact_point_id AS point, p.address, p.line, l.role, l.state, l.source,
       l.registered_on, greatest(l.registered_on, l.updated_on) AS said_on, l.verified_at,
       a.customer_id, a.premise_id, a.updated_on AS account_on, h.plain AS holder, h.is_group AS holder_is_group,
       CASE WHEN c.id_masked <> '' AND NOT h.is_group THEN h.sound || ' ' || c.id_masked END AS person,
       coalesce(n.plain, '') AS contact, coalesce(n.sound, '') AS contact_sound,
       CASE WHEN coalesce(n.plain, '') = '' THEN 'blank'
            WHEN n.plain = h.plain OR length(n.plain) > 1 AND length(n.plain) = length(h.plain) AND n.sound = h.sound
              THEN 'same'
            WHEN h.is_group THEN CASE WHEN NOT n.is_group AND position(left(n.plain, 1) IN h.plain) > 0
                                      THEN 'shop' ELSE 'group' END
            WHEN n.is_group THEN 'group'
            WHEN left(n.plain, 1) = left(h.plain, 1) THEN 'kin'
            ELSE 'other' END AS fit
FROM contact_link l
JOIN account a ON a.id = l.account_id AND a.status <> 'closed'
JOIN customer c ON c.id = a.customer_id
JOIN contact_point p ON p.id = l.contact_point_id AND p.kind = 'phone'
JOIN name_form h ON h.name = a.holder_name
LEFT JOIN name_form n ON n.name = l.name
WHERE l.state IN ('unverified', 'verified')
"""

#: Links that were stopped on somebody's word, or by a decision, with the same names: what they tell of others.
WRONG: Final = """
CREATE TEMP TABLE proved_wrong ON COMMIT DROP AS
SELECT l.id, l.account_id, l.contact_point_id AS point, a.customer_id, h.plain AS holder
FROM contact_link l JOIN account a ON a.id = l.account_id JOIN name_form h ON h.name = a.holder_name
WHERE l.state = 'revoked' AND l.reason NOT IN ('bounce', 'taken back', 'transfer')
   OR l.state = 'suspended' AND (l.reason LIKE 'reply%' OR l.reason IN ('ticket', 'staff_report'))
"""

PREPARED: Final = (
    "CREATE INDEX ON swept (point)",
    "CREATE INDEX ON swept (customer_id)",
    "CREATE INDEX ON swept (person)",
    "CREATE INDEX ON swept (account_id)",
    "ANALYZE swept",
    "CREATE INDEX ON proved_wrong (point)",
    "CREATE INDEX ON proved_wrong (account_id)",
    "ANALYZE proved_wrong",
    "CREATE TEMP TABLE sighted (link_id int, mark smallint, other int) ON COMMIT DROP",
    # Numbers that stand on more than one account, and people who have more than one number: most links are
    # neither, so what compares them with one another looks at few. A telephone at home is no older mobile.
    """CREATE TEMP TABLE shared ON COMMIT DROP AS
       SELECT s.* FROM swept s WHERE s.point IN (
         SELECT point FROM swept GROUP BY point HAVING min(account_id) <> max(account_id))""",
    "CREATE INDEX ON shared (point)",
    "ANALYZE shared",
    """CREATE TEMP TABLE several ON COMMIT DROP AS
       SELECT s.id, s.account_id, s.point, s.address, s.role, s.fit, s.registered_on, s.said_on, s.verified_at, whose
       FROM swept s CROSS JOIN LATERAL (VALUES ('customer ' || s.customer_id), (s.person)) AS of (whose)
       WHERE whose IS NOT NULL AND s.role IN ('holder', 'landlord') AND s.fit IN ('same', 'shop', 'blank')
         AND s.line <> 'landline'""",
    "CREATE INDEX ON several (whose)",
    "ANALYZE several",
    """DELETE FROM several WHERE whose NOT IN (
         SELECT whose FROM several GROUP BY whose HAVING min(point) <> max(point))""",
    "ANALYZE several",
)

#: What a link says of itself: conditions on `swept` and `moment`, which has `today` and the time from which a `proof`
#: counts as new.
PLAIN: Final = {
    "proven": "state = 'verified' AND verified_at >= proof",
    "proven_before": "state = 'verified' AND verified_at < proof",
    "relative": "role = 'relative'",
    "payer": "role = 'payer'",
    "tenant": "role = 'tenant'",
    "agent": "role = 'agent'",
    "landlord": "role = 'landlord'",
    "same_name": "fit IN ('same', 'shop')",
    "kin_name": "fit = 'kin'",
    "other_name": "fit = 'other' AND role = 'holder'",
    "no_name": "fit = 'blank'",
    "of_group": "holder_is_group",
    "by_batch": "source IN ('agent', 'developer_batch')",
    "by_field": "source IN ('meter_reader', 'migration')",
    "old": "said_on < today - 2922",
    "fresh": "said_on >= today - 731",
    "former_owner": "fit = 'other' AND role = 'holder' AND account_on > said_on",
}

#: Whether two premises, `mine` and `theirs`, lie in one estate or village, or in one street where none is known.
_ONE_PLACE: Final = """(
  coalesce(nullif(mine.community, ''), nullif(mine.street, ''))
    = coalesce(nullif(theirs.community, ''), nullif(theirs.street, ''))
  AND mine.district IS NOT DISTINCT FROM theirs.district) IS TRUE"""

#: What the rest of the archive says of a link.
SIGHTS: Final = {
    "kept": """
SELECT DISTINCT s.id, NULL::int FROM swept s JOIN correction_link c ON c.link_id = s.id
WHERE c.decision IN ('keep', 'change_role')""",
    "staff": """
SELECT s.id, NULL::int FROM swept s JOIN staff_member m ON m.phone = s.address
WHERE NOT EXISTS (SELECT 1 FROM name_form f WHERE f.name = m.name AND f.plain = s.holder)""",
    # More than three households, and about as many names: an agent who left the own number. Who pays for many
    # is one name on many accounts.
    "many_names": """
SELECT s.id, NULL::int FROM shared s JOIN (
  SELECT point FROM shared GROUP BY point
  HAVING count(DISTINCT customer_id) > 3 AND count(DISTINCT holder) > 3
    AND count(DISTINCT contact) FILTER (WHERE role IN ('holder', 'agent', 'tenant') AND contact <> '') > 3
    AND 2 * count(DISTINCT contact) FILTER (WHERE role IN ('holder', 'agent', 'tenant')) > count(DISTINCT customer_id)
) many USING (point)
WHERE s.role IN ('holder', 'agent', 'tenant')""",
    # Many like such numbers, so one alone is somebody's; on the accounts of people who have nothing in common it
    # stands for none.
    "placeholder": r"""
SELECT s.id, NULL::int FROM shared s WHERE s.address ~ '(\d)\1{5}$|12345678?$|87654321$' AND EXISTS (
  SELECT 1 FROM shared o WHERE o.point = s.point AND o.customer_id <> s.customer_id AND o.holder <> s.holder
    AND o.contact <> s.contact)""",
    "corroborated": """
SELECT DISTINCT s.id, NULL::int FROM shared s JOIN shared o ON o.point = s.point AND o.account_id <> s.account_id
  AND (o.customer_id = s.customer_id OR o.person = s.person OR o.holder = s.holder OR o.contact = s.contact
       AND s.contact <> '')""",
    "transferred": """
SELECT s.id, NULL::int FROM swept s WHERE s.fit <> 'same' AND EXISTS (
  SELECT 1 FROM account_transfer t WHERE t.account_id = s.account_id
    AND t.at > coalesce(s.verified_at, '-infinity') AND (s.said_on IS NULL OR t.at::date > s.said_on))""",
    "displaced": """
SELECT DISTINCT ON (s.id) s.id, o.id FROM swept s JOIN swept o ON o.account_id = s.account_id AND o.point <> s.point
WHERE s.role = 'holder' AND s.fit = 'other' AND o.role = 'holder' AND o.fit = 'same'
ORDER BY s.id, o.said_on DESC NULLS LAST""",
    # A number is given up some years after it was written down, and rests some months before it is sold again; what
    # was written down sooner, or lately, is one telephone for two. So it mostly is within one estate or village: a
    # number that is sold again turns up anywhere, while families live close to one another. Who pays for others is
    # a holder elsewhere by right.
    "later_elsewhere": f"""
SELECT DISTINCT ON (s.id) s.id, o.id FROM shared s JOIN shared o ON o.point = s.point
  AND o.customer_id <> s.customer_id AND o.holder <> s.holder AND o.registered_on >= s.said_on + 365
JOIN premise mine ON mine.id = s.premise_id JOIN premise theirs ON theirs.id = o.premise_id
CROSS JOIN moment
WHERE s.said_on < moment.today - 1826 AND s.role <> 'payer' AND o.role IN ('holder', 'tenant', 'landlord')
  AND (o.fit IN ('same', 'shop') OR o.role = 'tenant')
  AND o.contact_sound <> s.contact_sound AND s.contact <> o.holder AND o.contact <> s.holder
  AND NOT o.holder_is_group AND left(o.holder, 1) <> left(s.holder, 1) AND left(o.contact, 1) <> left(s.contact, 1)
  AND mine.id <> theirs.id AND mine.address <> theirs.address AND ({_ONE_PLACE}) = false
ORDER BY s.id, o.registered_on DESC""",
    "later_with_kin": f"""
SELECT DISTINCT ON (s.id) s.id, o.id FROM shared s JOIN shared o ON o.point = s.point
  AND o.customer_id <> s.customer_id AND o.holder <> s.holder AND o.registered_on >= s.said_on + 90
JOIN premise mine ON mine.id = s.premise_id JOIN premise theirs ON theirs.id = o.premise_id
WHERE o.role = 'holder' AND o.fit = 'same' AND o.contact <> s.contact
  AND (left(o.holder, 1) = left(s.holder, 1) OR {_ONE_PLACE})
ORDER BY s.id""",
    "neighbours_name": """
SELECT DISTINCT ON (s.id) s.id, NULL::int
FROM swept s JOIN account n ON n.id BETWEEN s.account_id - 2 AND s.account_id + 2 AND n.id <> s.account_id
  AND n.customer_id <> s.customer_id
JOIN name_form f ON f.name = n.holder_name AND f.plain = s.contact
WHERE s.role = 'holder' AND s.fit = 'other'""",
    "newer_number": """
SELECT DISTINCT ON (s.id) s.id, o.id FROM several s JOIN several o ON o.whose = s.whose AND o.point <> s.point
  AND o.said_on > s.said_on + 60
WHERE (o.account_id = s.account_id OR o.said_on > o.registered_on)
  AND NOT EXISTS (SELECT 1 FROM several still WHERE still.whose = s.whose AND still.point = s.point
                    AND still.said_on + 60 >= o.said_on)
  AND NOT pg_temp.is_near(s.address, o.address)
ORDER BY s.id, o.said_on DESC""",
    # Who opens another account with another telephone may have two.
    "another_number": """
SELECT DISTINCT ON (s.id) s.id, o.id FROM several s JOIN several o ON o.whose = s.whose AND o.point <> s.point
  AND o.said_on > s.said_on + 60
WHERE o.account_id <> s.account_id AND o.said_on = o.registered_on
  AND NOT EXISTS (SELECT 1 FROM several still WHERE still.whose = s.whose AND still.point = s.point
                    AND still.said_on + 60 >= o.said_on)
  AND NOT pg_temp.is_near(s.address, o.address)
ORDER BY s.id, o.said_on DESC""",
    "replaced": """
SELECT DISTINCT ON (s.id) s.id, o.id FROM swept s JOIN swept o ON o.account_id = s.account_id AND o.point <> s.point
WHERE s.role = 'tenant' AND o.role = 'tenant' AND o.contact <> s.contact AND o.said_on > s.said_on + 60
ORDER BY s.id, o.said_on DESC""",
    "near_twin": """
SELECT DISTINCT ON (s.id) s.id, o.id FROM several s JOIN several o ON o.whose = s.whose AND o.point <> s.point
WHERE pg_temp.is_near(s.address, o.address) ORDER BY s.id, o.id""",
    "wrong_nearby": """
SELECT DISTINCT s.id, NULL::int FROM proved_wrong w
JOIN swept s ON s.account_id BETWEEN w.account_id - 2 AND w.account_id + 2 AND s.account_id <> w.account_id
  AND s.point <> w.point AND s.customer_id <> w.customer_id WHERE s.role = 'holder'""",
    "wrong_around": """
SELECT s.id, NULL::int FROM proved_wrong w
JOIN swept s ON s.account_id BETWEEN w.account_id - 3 AND w.account_id + 3 AND s.account_id <> w.account_id
  AND s.point <> w.point AND s.customer_id <> w.customer_id WHERE s.role = 'holder'
GROUP BY s.id HAVING count(DISTINCT w.account_id) > 1""",
    "disowned_by_same": """
SELECT DISTINCT s.id, NULL::int FROM proved_wrong w JOIN swept s ON s.point = w.point AND s.id <> w.id
  AND (s.customer_id = w.customer_id OR s.holder = w.holder)""",
    "disowned_for_other": """
SELECT DISTINCT s.id, NULL::int FROM proved_wrong w JOIN swept s ON s.point = w.point AND s.id <> w.id
  AND s.customer_id <> w.customer_id AND s.holder <> w.holder""",
    "confirmed_by_same": """
SELECT DISTINCT s.id, NULL::int FROM shared s JOIN shared o ON o.point = s.point AND o.id <> s.id
  AND o.state = 'verified' AND (o.customer_id = s.customer_id OR o.person = s.person OR o.holder = s.holder)""",
    "confirmed_for_other": """
SELECT DISTINCT ON (s.id) s.id, o.id FROM shared s JOIN shared o ON o.point = s.point AND o.state = 'verified'
  AND o.customer_id <> s.customer_id AND o.holder <> s.holder AND o.role IN ('holder', 'tenant')
WHERE s.state <> 'verified' AND s.role IN ('holder', 'tenant') AND o.contact <> s.contact
  AND o.said_on >= s.said_on ORDER BY s.id""",
    "other_confirmed": """
SELECT DISTINCT s.id, NULL::int FROM swept s JOIN swept o ON o.account_id = s.account_id AND o.point <> s.point
WHERE s.role = 'holder' AND o.role = 'holder' AND o.state = 'verified' AND s.state <> 'verified'""",
    "silent": """
SELECT s.id, NULL::int FROM signal g JOIN swept s ON s.point = g.contact_point_id
WHERE g.kind = 'silence' GROUP BY s.id HAVING count(*) > 1""",
    "looked_up_recycled": """
SELECT DISTINCT s.id, NULL::int FROM number_lookup n JOIN swept s ON s.point = n.contact_point_id
WHERE n.verdict = 'recycled' AND n.at > coalesce(s.verified_at, '-infinity')
  AND (s.said_on IS NULL OR s.said_on <= coalesce((n.detail ->> 'given_on')::date, n.at::date))""",
    "looked_up_mismatch": """
SELECT DISTINCT s.id, NULL::int FROM number_lookup n
JOIN swept s ON s.point = n.contact_point_id AND s.account_id = n.account_id WHERE n.verdict = 'name_mismatch'""",
    "looked_up_match": """
SELECT DISTINCT s.id, NULL::int FROM number_lookup n
JOIN swept s ON s.point = n.contact_point_id AND s.account_id = n.account_id WHERE n.verdict = 'name_match'""",
}

#: A number one digit from another of the same person counts as mistyped where the other is better known: proven,
#: or on more of the person's accounts. `near_twin` has been written down by then.
NEAR_MISS: Final = """
SELECT t.link_id, t.other FROM sighted t
JOIN several s ON s.id = t.link_id JOIN several o ON o.id = t.other AND o.whose = s.whose
JOIN contact_point p ON p.id = s.point
WHERE t.mark = $1 AND s.verified_at IS NULL AND (
  o.verified_at IS NOT NULL OR p.state = 'unreachable' OR
  (SELECT count(DISTINCT account_id) FROM several a WHERE a.whose = s.whose AND a.point = o.point)
    > (SELECT count(DISTINCT account_id) FROM several a WHERE a.whose = s.whose AND a.point = s.point))
"""

#: Whether two numbers of one length differ by a digit, or by two neighbours changed about.
IS_NEAR: Final = """
CREATE OR REPLACE FUNCTION pg_temp.is_near(one text, other text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT length(one) = length(other) AND (differing = 1
    OR differing = 2 AND substr(one, first, 1) = substr(other, first + 1, 1)
                     AND substr(one, first + 1, 1) = substr(other, first, 1))
  FROM (SELECT count(*) AS differing, min(place) AS first FROM generate_series(1, length(one)) AS place
        WHERE substr(one, place, 1) <> substr(other, place, 1)) AS compared
$$
"""
