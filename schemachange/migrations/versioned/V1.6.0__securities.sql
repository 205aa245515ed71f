-- What it takes to know which security a ticker was, and when; in the shape of the other raw tables.
{% set datasets = {
    'ticker_listings': 'Stock tickers as of a day in the past, and securities that were delisted',
    'ticker_events': 'Tickers that a security has had, and since when',
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
alter table raw.{{ dataset }}
add column if not exists content_key varchar
    comment 'Checksum of the object as COPY read it (METADATA$FILE_CONTENT_KEY)';
{% endfor %}
