"""Functions and operators: what Snowflake answers, one case a line."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import snowflake.connector.errors

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, 30, 15)

CASES: list[tuple[str, Any]] = [
    # conversions
    ("try_to_number('x')", None),
    ("try_to_number('12.5', 10, 2)", Decimal("12.50")),
    ("try_to_date('2026-13-01')", None),
    ("try_to_timestamp('x')", None),
    ("try_to_timestamp_ntz('2026-11-20 12:30:15')", NOON),
    ("try_to_double('1.5')", 1.5),
    ("try_to_boolean('nope')", None),
    ("try_cast('x' as int)", None),
    ("try_parse_json('{')", None),
    ("to_varchar(date '2026-11-20', 'YYYYMMDD')", "20261120"),
    ("to_char(timestamp_ntz_from_parts(2026, 11, 20, 12, 30, 15), 'YYYY-MM-DD HH24:MI:SS')", "2026-11-20 12:30:15"),
    ("to_date('2026-11-20')", DAY),
    ("to_date('20/11/2026', 'DD/MM/YYYY')", DAY),
    ("'5'::number(10, 2)", Decimal("5.00")),
    ("1.5::varchar", "1.5"),
    ("true::int", 1),
    # trimming: of the side, and of the characters, that are named
    ("rtrim(rtrim(to_varchar(2::number(18, 4)), '0'), '.')", "2"),
    ("ltrim(upper('xxaxx'), 'X')", "AXX"),
    ("trim(upper('xxaxx'), 'X')", "A"),
    ("trim('a' || ' ')", "a"),
    ("rtrim(120, '0')", "12"),
    # choices and nulls
    ("iff(1 = 1, 'a', 'b')", "a"),
    ("zeroifnull(null)", 0),
    ("nullifzero(0)", None),
    ("nvl(null, 1)", 1),
    ("nvl2(1, 2, 3)", 2),
    ("coalesce(null, null, 2)", 2),
    ("decode(2, 1, 'one', 2, 'two', 'other')", "two"),
    ("div0(1, 0)", 0),
    ("div0null(1, null)", 0),
    ("greatest(1, 3, 2)", 3),
    ("least(1, null)", None),
    ("equal_null(null, null)", True),
    ("case when null then 1 else 2 end", 2),
    # dates
    ("dateadd(day, 1, date '2026-11-19')", DAY),
    ("dateadd('month', 1, date '2026-01-31')", date(2026, 2, 28)),
    ("dateadd(quarter, -1, date '2026-11-20')", date(2026, 8, 20)),
    ("dateadd(minute, 15, '2026-11-20 12:15:15'::timestamp_ntz)", NOON),
    ("dateadd(hour, 12, date '2026-11-20')", datetime(2026, 11, 20, 12)),
    ("dateadd(day, 1, max(date '2026-11-19'))", DAY),
    ("datediff(day, date '2026-11-20', date '2026-12-20')", 30),
    ("datediff('hour', '2026-11-20 00:59'::timestamp_ntz, '2026-11-20 01:00'::timestamp_ntz)", 1),
    ("datediff(month, '2026-01-31'::date, '2026-02-01'::date)", 1),
    ("timestampdiff(second, '2026-11-20'::timestamp_ntz, '2026-11-21'::timestamp_ntz)", 86400),
    ("date_trunc('month', date '2026-11-20')", date(2026, 11, 1)),
    ("date_trunc(week, date '2026-11-20')", date(2026, 11, 16)),
    ("date_trunc('month', max(date '2026-11-20'))", date(2026, 11, 1)),
    ("date_trunc('day', '2026-11-20 12:30:15'::timestamp_ntz)", datetime(2026, 11, 20)),
    ("dayofweek(date '2026-11-22')", 0),
    ("dayofweekiso(date '2026-11-22')", 7),
    ("date_part(epoch_second, '2026-11-20'::timestamp_ntz)", 1795132800),
    ("extract(year from date '2026-11-20')", 2026),
    ("last_day(date '2026-02-10')", date(2026, 2, 28)),
    ("add_months(date '2026-01-31', 1)", date(2026, 2, 28)),
    ("date_from_parts(2026, 11, 20)", DAY),
    ("date '2026-11-19' + 1", DAY),
    ("date '2026-11-20' - date '2026-11-01'", 19),
    ("time_slice('2026-11-20 12:33:00'::timestamp_ntz, 5, 'minute')", datetime(2026, 11, 20, 12, 30)),
    ("dayname(date '2026-11-20')", "Fri"),
    # timestamps and time zones
    ("to_timestamp_ntz(1795177815000, 3)", NOON),
    ("to_timestamp(1795177815000, 3)", NOON),
    ("to_timestamp(1795177815)", NOON),
    ("to_timestamp('1795177815')", NOON),
    ("to_timestamp_ntz('2026-11-20T12:30:15Z')", NOON),
    ("'2026-11-20T12:30:15.123456Z'::timestamp_ntz", NOON.replace(microsecond=123456)),
    ("to_date('2026-11-20')::timestamp_ntz", datetime(2026, 11, 20)),
    ("to_timestamp_ntz(max(1795177815000), 3)", NOON),
    ("null::timestamp_ntz", None),
    ("convert_timezone('UTC', 'America/New_York', '2026-11-20 17:30:15'::timestamp_ntz)", NOON),
    ("convert_timezone('America/New_York', 'UTC', '2026-07-20 12:00'::timestamp_ntz)", datetime(2026, 7, 20, 16)),
    ("convert_timezone('UTC', current_timestamp())::timestamp_ntz <= sysdate()", True),
    ("sysdate() > '2026-01-01'::timestamp_ntz", True),
    # numbers
    ("round(2.567, 2)", Decimal("2.57")),
    ("round(-2.5)", -3),
    ("trunc(1.57, 1)", Decimal("1.5")),
    ("mod(7, 3)", 1),
    ("power(2, 3)", 8),
    ("sqrt(4)", 2),
    ("ln(1)", 0),
    ("sign(-2)", -1),
    ("width_bucket(5, 0, 10, 5)", 3),
    ("sum(1)", 1),
    ("sum(1.25::number(10, 2))", Decimal("1.25")),
    # strings
    ("split_part('a-b-c', '-', 2)", "b"),
    ("split_part('/v2/grouped/2026-11-20', '/', -1)", "2026-11-20"),
    ("regexp_substr('abc123', '[0-9]+')", "123"),
    ("regexp_substr('abc123def456', '[a-z]+([0-9]+)', 1, 2, 'e', 1)", "456"),
    ("regexp_replace('a.b.c', '[.]', '-')", "a-b-c"),
    ("regexp_like('abc', 'a.c')", True),
    ("'abc' ilike 'A%'", True),
    ("contains('abc', 'b')", True),
    ("startswith('abc', 'a')", True),
    ("lpad('7', 3, '0')", "007"),
    ("concat_ws('-', 'a', 'b')", "a-b"),
    ("'it''s' || '!'", "it's!"),
    ("initcap('ab cd')", "Ab Cd"),
    ("md5('a')", "0cc175b9c0f1b6a831c399e269772661"),
    ("sha2('a', 256)", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
    ("hash('a') = hash('a')", True),
    # semi-structured
    ("""parse_json('{"T": "AAPL", "t": 5}'):T::varchar""", "AAPL"),
    ("""parse_json('{"T": "AAPL", "t": 5}'):t::number""", 5),
    ("""parse_json('{"a": [{"b": 7}]}'):a[0].b::int""", 7),
    ("""parse_json('{"a b": 1}'):"a b"::int""", 1),
    ("""parse_json('{"a": 1}')['a']::int""", 1),
    ("""parse_json('{"a": null}'):a::varchar""", None),
    ("""parse_json('{"a": null}'):a is null""", False),
    ("""is_null_value(parse_json('{"a": null}'):a)""", True),
    ("""parse_json('{"a": "x"}'):a = 'x'""", True),
    ("""parse_json('{"a": 5}'):a > 4""", True),
    ("parse_json('\"text\"')::varchar", "text"),
    ("'text'::variant::varchar", "text"),
    ("typeof(parse_json('{}'))", "OBJECT"),
    ("typeof(parse_json('1'))", "INTEGER"),
    ("typeof(parse_json('1.5'))", "DECIMAL"),
    ("typeof(parse_json('null'))", "NULL_VALUE"),
    ("object_construct('T', 1, 't', null)", '{"T":1}'),
    ("object_construct('a', object_construct('b', 1))", '{"a":{"b":1}}'),
    ("object_construct_keep_null('a', null)", '{"a":null}'),
    ("object_keys(parse_json('{\"a\": 1}'))", '["a"]'),
    ("array_construct(1, 'a', null)", '[1,"a",null]'),
    ("array_size(array_construct(1, 2))", 2),
    ("""array_size(parse_json('{"a": {"b": [1, 2]}}'):a.b)""", 2),
    ("""array_size(parse_json('{"a": []}'):a)""", 0),
    ("""coalesce(array_size(parse_json('{"a": {"b": 1}}'):a), -1)""", -1),
    ("""coalesce(array_size(parse_json('{"a": "[1]"}'):a), -1)""", -1),
    ("""coalesce(array_size(parse_json('{"a": null}'):a), -1)""", -1),
    ("""coalesce(array_size(parse_json('{}'):a), -1)""", -1),
    ("""is_array(parse_json('{"a": [1]}'):a)""", True),
    ("""is_array(parse_json('{"a": {}}'):a)""", False),
    ("array_contains('a'::variant, array_construct('a', 'b'))", True),
    ("array_to_string(array_construct('a', 'b'), ',')", "a,b"),
    ("array_construct(5, 6)[1]::int", 6),
    ("get_path(parse_json('{\"a\": {\"b\": 1}}'), 'a.b')::int", 1),
]


@pytest.mark.parametrize(("expression", "expected"), CASES, ids=[expression for expression, _ in CASES])
def test_expression(sql: Any, expression: str, expected: Any) -> None:
    found = sql.value(f"select {expression} as found")
    assert found == expected
    assert type(found) is type(expected) or isinstance(expected, int)


@pytest.mark.parametrize("expression", ["1 / 0", "1.5 / 0", "mod(1, 0)", "x / y"])
def test_division_by_zero_is_an_error(sql: Any, expression: str) -> None:
    with pytest.raises(snowflake.connector.errors.ProgrammingError) as caught:
        sql(f"select {expression} from (select 1::float as x, 0::float as y)")
    assert (caught.value.errno, caught.value.sqlstate) == (100051, "22012")


def test_a_cast_that_fails_is_an_error(sql: Any) -> None:
    with pytest.raises(snowflake.connector.errors.ProgrammingError) as caught:
        sql("select 'x'::timestamp_ntz")
    assert caught.value.errno == 100038


def test_an_unknown_function_is_an_error(sql: Any) -> None:
    with pytest.raises(snowflake.connector.errors.ProgrammingError) as caught:
        sql("select no_such_function(1)")
    assert caught.value.errno == 2140


GROUPED = """from (select column1 as g, column2 as v from values ('a', 1), ('a', 3), ('a', null), ('b', 2))
group by g order by g"""


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        ("array_agg(v) within group (order by v desc)", ["[3,1]", "[2]"]),
        ("listagg(v, ',') within group (order by v)", ["1,3", "2"]),
        ("count_if(v > 1)", [1, 1]),
        ("sum(v)", [4, 2]),
        ("min_by(v, -v)", [3, 2]),
        ("max_by(v, v)", [3, 2]),
        ("median(v)", [2, 2]),
        ("percentile_cont(0.5) within group (order by v)", [2, 2]),
        ("count(distinct v)", [2, 1]),
        ("boolor_agg(v > 2)", [True, False]),
        ("stddev_samp(v)", [2**0.5, None]),
        ("any_value(g)", ["a", "b"]),
    ],
)
def test_aggregate(sql: Any, aggregate: str, expected: list[Any]) -> None:
    found = [row[0] for row in sql(f"select {aggregate} {GROUPED}")]
    assert found == pytest.approx(expected) if isinstance(expected[0], float) else found == expected


ROWS = "from (select column1 as id, column2 as g, column3 as v from values (1, 'a', 1), (2, 'a', 2), (3, 'b', 6))"


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("sum(v) over (partition by g order by id rows between 1 preceding and current row)", [1, 3, 6]),
        ("avg(v) over (order by id rows between 1 preceding and current row)", [1, 1.5, 4]),
        ("stddev_samp(v) over (order by id rows between 1 preceding and current row)", [None, 0.5**0.5, 8**0.5]),
        ("lag(v) over (order by id)", [None, 1, 2]),
        ("lag(v, 1, 0) over (order by id)", [0, 1, 2]),
        ("lead(v) over (partition by g order by id)", [2, None, None]),
        ("lag(nullif(v, 2)) ignore nulls over (order by id)", [None, 1, 1]),
        ("first_value(v) over (partition by g order by id)", [1, 1, 6]),
        ("last_value(v) over (partition by g order by id)", [2, 2, 6]),
        ("row_number() over (order by v desc)", [3, 2, 1]),
        ("rank() over (order by g)", [1, 1, 3]),
        ("percent_rank() over (order by v)", [0, 0.5, 1]),
        ("ratio_to_report(v) over (partition by g)", [1 / 3, 2 / 3, 1]),
        ("conditional_true_event(v > 1) over (order by id)", [0, 1, 2]),
        ("exp(sum(ln(v)) over (order by id))", [1, 2, 12]),
    ],
)
def test_window(sql: Any, window: str, expected: list[Any]) -> None:
    found = [row[0] for row in sql(f"select {window} {ROWS} order by id")]
    assert found == [None if value is None else pytest.approx(value) for value in expected]


def test_qualify_filters_after_windows(sql: Any) -> None:
    assert sql(f"select id {ROWS} qualify row_number() over (partition by g order by id desc) = 1 order by id") == [
        (2,),
        (3,),
    ]


def test_nulls_sort_last_ascending_and_first_descending(sql: Any) -> None:
    values = "from (select column1 as v from values (1), (null), (2))"
    assert sql(f"select v {values} order by v") == [(1,), (2,), (None,)]
    assert sql(f"select v {values} order by v desc") == [(None,), (2,), (1,)]


def test_generator_gives_rows(sql: Any) -> None:
    assert sql("select seq4() as n from table(generator(rowcount => 3)) order by n") == [(0,), (1,), (2,)]


def test_session_variables_stand_for_their_values(sql: Any) -> None:
    sql("set day = '2026-11-20'::date", "set (low, high) = (1, 1 + 1)")
    assert sql("select $day, $low + $high") == [("2026-11-20", 3)]
    sql("unset low")
    with pytest.raises(snowflake.connector.errors.ProgrammingError, match=r"\$LOW"):
        sql("select $low")
