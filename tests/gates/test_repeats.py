"""What several texts have in common is kept in one of them, and nothing else goes."""

from __future__ import annotations

from tests.gates.gate import check
from tests.gates.repeats import without_repeats

COMMON = """closes as (
    select
        ticker,
        list_transform(prices, 1) as doubled, -- not (Snowflake's
        ')' as closing
    from bars
    where ticker in (select listed.ticker from listed)
)"""
LONGER = f"with {COMMON}\n\nselect ticker from closes where ticker <> 'a longer text'"
SHORTER = f"with {COMMON}\n\nselect epoch_ms(t) from closes"


def rules_by_line(texts: dict[str, str]) -> set[tuple[str, int, str]]:
    return {
        (finding.source, finding.line, finding.rule)
        for name, text in texts.items()
        for finding in check(name, text, style=False)
    }


def test_mistake_in_a_common_body_is_found_in_the_longest_text_and_others_keep_their_own() -> None:
    texts = without_repeats({"shorter": SHORTER, "longer": LONGER})

    assert texts["longer"] == LONGER
    assert len(texts["shorter"]) < len(SHORTER)
    assert rules_by_line(texts) == {("longer", 4, "function"), ("shorter", 10, "function")}


def test_text_without_a_common_body_stays_as_it_is() -> None:
    texts = {"one": LONGER, "other": LONGER.replace("prices", "closes"), "plain": "select ticker from bars"}

    assert without_repeats(texts) == texts
