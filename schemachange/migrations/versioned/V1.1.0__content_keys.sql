{% set datasets = (
    'stock_bars', 'splits', 'dividends', 'tickers', 'option_contracts', 'option_bars', 'option_chain'
) %}
{%- for dataset in datasets %}
alter table raw.{{ dataset }}
add column content_key varchar comment 'Checksum of the object as COPY read it (METADATA$FILE_CONTENT_KEY)';
{% endfor %}
