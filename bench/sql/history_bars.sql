-- Sessions of a synthetic market as grouped answers, one raw line a session. Whole cents, so that a day that
-- bench/history_slope.py lands again has the same numbers.
insert into raw.stock_bars (
    manifest_id,
    object_key,
    line_number,
    request,
    response,
    fetched_at,
    loaded_at
)
with numbers as (
    select row_number() over (order by seq4()) - 1 as number
    from table(generator(rowcount => 100000))
),

sessions as (
    select
        given.index + %(offset)s as place,
        given.value::varchar as session
    from table(flatten(input => parse_json(%(sessions)s))) as given
),

bars as (
    select
        sessions.place,
        sessions.session,
        'SIM' || lpad(numbers.number::varchar, 6, '0') as ticker,
        5000 + mod(numbers.number * 37, 15000) + mod(sessions.place * sessions.place * 31 + numbers.number * 17, 997)
        as close_cents,
        1000 + mod(sessions.place * 7919 + numbers.number * 104729, 1000000) as volume
    from sessions
    cross join numbers
    where numbers.number < %(tickers)s
)

select
    session || '-history' as manifest_id,
    'raw/stock_bars/' || session || '/' || session || '-history/0000.ndjson.gz' as object_key,
    1 as line_number,
    object_construct('path', '/v2/aggs/grouped/locale/us/market/stocks/' || session) as request,
    object_construct(
        'status', 'OK',
        'resultsCount', count(*),
        'results', array_agg(object_construct(
            'T', ticker,
            'o', close_cents / 100,
            'h', (close_cents + 40) / 100,
            'l', (close_cents - 40) / 100,
            'c', close_cents / 100,
            'v', volume,
            'vw', close_cents / 100,
            'n', 100
        ))
    ) as response,
    to_timestamp_ntz(session || ' 22:15:00') as fetched_at,
    to_timestamp_ntz(session || ' 22:20:00') as loaded_at
from bars
group by
    place,
    session
