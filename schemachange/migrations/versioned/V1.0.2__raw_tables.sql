-- One row per line of a raw object, which is one response of the API. Never clustered: COPY into a clustered table is
-- less strict about errors.
{% set datasets = {
    'stock_bars': 'Daily stock bars, unadjusted: all tickers of a session, or one ticker over a range',
    'splits': 'Stock splits',
    'dividends': 'Cash dividends',
    'tickers': 'Stock tickers, active and delisted',
    'option_contracts': 'Option contracts as listed on a day',
    'option_bars': 'Daily option bars of one contract over a range',
    'option_chain': 'Option chain of an underlying, as it stood: implied volatility, greeks, open interest',
} %}
{%- for dataset, description in datasets.items() %}
create table if not exists raw.{{ dataset }} (
    manifest_id varchar not null comment 'Manifest that named the object; in raw.load_ledger',
    object_key varchar not null comment 'Object that held the line, relative to the stage raw.landing',
    line_number number(38, 0) not null comment 'Line of the object, from 1',
    request variant not null comment 'The question: path and params, without the key',
    response variant not null comment 'The answer, verbatim',
    fetched_at timestamp_ntz(6) not null comment 'UTC, when the answer came',
    loaded_at timestamp_ntz(6) not null comment 'UTC, the same for all rows of a manifest'
)
comment = '{{ description }}. One row per response';
{% endfor %}
