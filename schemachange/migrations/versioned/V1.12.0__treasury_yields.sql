-- What money costs without risk, by term; in the shape of the other raw tables.
create table if not exists raw.treasury_yields (
    manifest_id varchar not null comment 'Manifest that named the object; in raw.load_ledger',
    object_key varchar not null comment 'Object that held the line, relative to the stage raw.landing',
    line_number number(38, 0) not null comment 'Line of the object, from 1',
    request variant not null comment 'The question: path and params, without the key',
    response variant not null comment 'The answer, verbatim',
    fetched_at timestamp_ntz(6) not null comment 'UTC, when the answer came',
    loaded_at timestamp_ntz(6) not null comment 'UTC, the same for all rows of a manifest'
)
comment = 'Yields of US Treasury securities by day and term. One row per response';
alter table raw.treasury_yields
add column if not exists content_key varchar
    comment 'Checksum of the object as COPY read it (METADATA$FILE_CONTENT_KEY)';
