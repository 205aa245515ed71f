-- The vendor's flat files: gzip CSV, landed byte for byte. Fields are texts as the file has them: dbt rejects what is
-- not a number, with a reason, and the rest of the file counts.
create file format if not exists raw.flat_file
type = csv
compression = auto
skip_header = 1
skip_blank_lines = true
escape_unenclosed_field = none
null_if = ()
comment = 'Flat files of bars: a header, then one bar a line, no quotes';
{% set datasets = {
    'stock_bar_files': ('ticker', 'Daily stock bars of a session, unadjusted, from a flat file'),
    'option_bar_files': ('contract', 'Daily option bars of a session, from a flat file'),
} %}
{%- for dataset, (symbol, description) in datasets.items() %}
create table if not exists raw.{{ dataset }} (
    manifest_id varchar not null comment 'Manifest that named the object; in raw.load_ledger',
    object_key varchar not null comment 'Object that held the line, relative to the stage raw.landing',
    line_number number(38, 0) not null comment 'Row of the file, in the order of the file',
    ticker varchar comment 'Symbol of the {{ symbol }}',
    volume varchar comment 'Traded volume',
    open varchar comment 'First price, USD',
    close varchar comment 'Last price, USD',
    high varchar comment 'Highest price, USD',
    low varchar comment 'Lowest price, USD',
    window_start varchar comment '00:00 New York of the session, nanoseconds since 1970',
    transactions varchar comment 'Number of trades',
    fetched_at timestamp_ntz(6) not null comment 'UTC, when the vendor began to send the file',
    loaded_at timestamp_ntz(6) not null comment 'UTC, the same for all rows of a manifest',
    content_key varchar comment 'Checksum of the object as COPY read it (METADATA$FILE_CONTENT_KEY)'
)
comment = '{{ description }}. One row per bar, fields as in the file';
{% endfor %}
