-- Snowflake functions whose result depends on the type of their argument, or that DuckDB lacks.
-- They live in _fs_global._snowtape: views keep referring to them, so they are made anew at every start.

CREATE OR REPLACE MACRO _fs_global._snowtape.scaled_micros(x, scale) AS CASE scale
    WHEN 0 THEN x * 1000000
    WHEN 3 THEN x * 1000
    WHEN 6 THEN x
    WHEN 9 THEN x // 1000
    ELSE error('the local warehouse knows the scales 0, 3, 6 and 9 of timestamps') END;

CREATE OR REPLACE MACRO _fs_global._snowtape.epoch_micros(x) AS CASE
    WHEN abs(x) < 31536000000 THEN x * 1000000
    WHEN abs(x) < 31536000000000 THEN x * 1000
    WHEN abs(x) < 31536000000000000 THEN x
    ELSE x // 1000 END;

-- TO_TIMESTAMP_NTZ and ::TIMESTAMP_NTZ. Numbers are seconds since 1970 unless a scale says otherwise; a string that
-- holds a number is read by its size: seconds, milliseconds, microseconds or nanoseconds.
-- typeof is known when a statement is bound, so only one branch is ever computed. (Overloads by type would be nicer,
-- but DuckDB does not know the type of an aggregate when it chooses one.)
CREATE OR REPLACE MACRO _fs_global._snowtape.is_number(x) AS
    typeof(x) IN ('BIGINT', 'INTEGER', 'SMALLINT', 'TINYINT', 'HUGEINT', 'UBIGINT', 'UINTEGER', 'DOUBLE', 'FLOAT',
                  'INTEGER_LITERAL') OR typeof(x) LIKE 'DECIMAL%';

CREATE OR REPLACE MACRO _fs_global._snowtape.bare_text(x) AS nullif(trim(CAST(x AS VARCHAR), '"'), 'null');

CREATE OR REPLACE MACRO _fs_global._snowtape.to_timestamp_ntz
    (x) AS CASE
        WHEN typeof(x) IN ('TIMESTAMP', 'DATE', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP_NS') THEN TRY_CAST(x AS TIMESTAMP)
        WHEN _fs_global._snowtape.is_number(x) THEN make_timestamp(CAST(TRY_CAST(x AS DOUBLE) * 1000000 AS BIGINT))
        WHEN TRY_CAST(_fs_global._snowtape.bare_text(x) AS BIGINT) IS NULL
            THEN CAST(_fs_global._snowtape.bare_text(x) AS TIMESTAMP)
        ELSE make_timestamp(_fs_global._snowtape.epoch_micros(TRY_CAST(_fs_global._snowtape.bare_text(x) AS BIGINT)))
        END,
    (x, scale) AS CASE
        WHEN typeof(x) IN ('TIMESTAMP', 'DATE', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP_NS') THEN TRY_CAST(x AS TIMESTAMP)
        WHEN _fs_global._snowtape.is_number(x)
            THEN make_timestamp(_fs_global._snowtape.scaled_micros(TRY_CAST(x AS BIGINT), scale))
        ELSE make_timestamp(
            _fs_global._snowtape.scaled_micros(CAST(_fs_global._snowtape.bare_text(x) AS BIGINT), scale)) END;

CREATE OR REPLACE MACRO _fs_global._snowtape.try_to_timestamp_ntz(x) AS coalesce(
    TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMP),
    make_timestamp(_fs_global._snowtape.epoch_micros(TRY_CAST(CAST(x AS VARCHAR) AS BIGINT))));

-- DATE_TRUNC and DATEADD by days or more give a DATE for a DATE.
CREATE OR REPLACE MACRO _fs_global._snowtape.date_trunc_to(part, x) AS cast_to_type(date_trunc(part, x), x);
CREATE OR REPLACE MACRO _fs_global._snowtape.add_days(x, i) AS cast_to_type(x + i, x);

-- ::VARCHAR of a VARIANT that holds a string gives the string, without quotes.
CREATE OR REPLACE MACRO _fs_global._snowtape.to_text(x) AS CASE
    WHEN typeof(x) = 'JSON' THEN json_extract_string(TRY_CAST(CAST(x AS VARCHAR) AS JSON), '$')
    ELSE CAST(x AS VARCHAR) END;

CREATE OR REPLACE MACRO _fs_global._snowtape.type_of_variant(x) AS CASE json_type(to_json(x))
    WHEN 'UBIGINT' THEN 'INTEGER'
    WHEN 'BIGINT' THEN 'INTEGER'
    WHEN 'DOUBLE' THEN CASE WHEN contains(lower(CAST(to_json(x) AS VARCHAR)), 'e') THEN 'DOUBLE' ELSE 'DECIMAL' END
    WHEN 'NULL' THEN 'NULL_VALUE'
    ELSE json_type(to_json(x)) END;

CREATE OR REPLACE MACRO _fs_global._snowtape.width_bucket(x, low, high, buckets) AS CASE
    WHEN x < low THEN 0
    WHEN x >= high THEN buckets + 1
    ELSE CAST(floor((x - low) / (high - low) * buckets) AS BIGINT) + 1 END;

CREATE OR REPLACE MACRO _fs_global._snowtape.object_keys(x) AS to_json(json_keys(x));

-- FLATTEN with OUTER => TRUE: a row without elements stays, with NULLs.
CREATE OR REPLACE MACRO _fs_global._snowtape.or_one_null(elements) AS
    CASE WHEN len(elements) > 0 THEN elements ELSE [NULL] END;

-- Elements of an ARRAY, or values of an OBJECT, at a JSON path.
CREATE OR REPLACE MACRO _fs_global._snowtape.elements(x, path) AS CASE json_type(x, path)
    WHEN 'OBJECT' THEN json_extract(x, path || '.*')
    ELSE json_extract(x, path || '[*]') END;

CREATE OR REPLACE MACRO _fs_global._snowtape.element_keys(x, path) AS CASE json_type(x, path)
    WHEN 'OBJECT' THEN json_keys(x, path)
    ELSE list_transform(range(CAST(json_array_length(x, path) AS BIGINT)), lambda i: CAST(NULL AS VARCHAR)) END;

CREATE OR REPLACE MACRO _fs_global._snowtape.element_numbers(x, path) AS CASE json_type(x, path)
    WHEN 'OBJECT' THEN list_transform(json_keys(x, path), lambda k: CAST(NULL AS BIGINT))
    ELSE range(CAST(json_array_length(x, path) AS BIGINT)) END;

CREATE OR REPLACE MACRO _fs_global._snowtape.element_paths(x, path) AS CASE json_type(x, path)
    WHEN 'OBJECT' THEN json_keys(x, path)
    ELSE list_transform(range(CAST(json_array_length(x, path) AS BIGINT)), lambda i: '[' || i || ']') END;

-- ARRAY and OBJECT functions on JSON.
CREATE OR REPLACE MACRO _fs_global._snowtape.list_of(x) AS CAST(to_json(x) AS JSON[]);
CREATE OR REPLACE MACRO _fs_global._snowtape.array_contains(value, x) AS
    list_contains(_fs_global._snowtape.list_of(x), to_json(value));
CREATE OR REPLACE MACRO _fs_global._snowtape.array_position(value, x) AS
    CAST(nullif(list_position(_fs_global._snowtape.list_of(x), to_json(value)), 0) - 1 AS BIGINT);
CREATE OR REPLACE MACRO _fs_global._snowtape.array_append(x, value) AS
    to_json(list_append(_fs_global._snowtape.list_of(x), to_json(value)));
CREATE OR REPLACE MACRO _fs_global._snowtape.array_prepend(x, value) AS
    to_json(list_prepend(to_json(value), _fs_global._snowtape.list_of(x)));
CREATE OR REPLACE MACRO _fs_global._snowtape.array_cat(x, y) AS CASE WHEN x IS NULL OR y IS NULL THEN NULL ELSE
    to_json(list_concat(_fs_global._snowtape.list_of(x), _fs_global._snowtape.list_of(y))) END;
CREATE OR REPLACE MACRO _fs_global._snowtape.array_distinct(x) AS
    to_json(list_distinct(_fs_global._snowtape.list_of(x)));
CREATE OR REPLACE MACRO _fs_global._snowtape.array_compact(x) AS
    to_json(list_filter(_fs_global._snowtape.list_of(x), lambda e: e IS NOT NULL AND json_type(e) <> 'NULL'));
CREATE OR REPLACE MACRO _fs_global._snowtape.array_slice(x, low, high) AS to_json(list_slice(
    _fs_global._snowtape.list_of(x), CASE WHEN low >= 0 THEN low + 1 ELSE low END,
    CASE WHEN high < 0 THEN high - 1 ELSE high END));
CREATE OR REPLACE MACRO _fs_global._snowtape.array_to_string(x, separator) AS array_to_string(
    list_transform(_fs_global._snowtape.list_of(x), lambda e: coalesce(json_extract_string(e, '$'), '')), separator);
CREATE OR REPLACE MACRO _fs_global._snowtape.arrays_overlap(x, y) AS
    list_has_any(_fs_global._snowtape.list_of(x), _fs_global._snowtape.list_of(y));
CREATE OR REPLACE MACRO _fs_global._snowtape.array_sort(x) AS to_json(list_sort(_fs_global._snowtape.list_of(x)));
CREATE OR REPLACE MACRO _fs_global._snowtape.pair(key, value) AS
    CAST(to_json(key) AS VARCHAR) || ':' || CAST(to_json(value) AS VARCHAR);
CREATE OR REPLACE MACRO _fs_global._snowtape.pair_or_null(key, value) AS
    CAST(to_json(key) AS VARCHAR) || ':' || coalesce(CAST(to_json(value) AS VARCHAR), 'null');
CREATE OR REPLACE MACRO _fs_global._snowtape.object_of(pairs) AS
    CAST('{' || coalesce(array_to_string(pairs, ','), '') || '}' AS JSON);
CREATE OR REPLACE MACRO _fs_global._snowtape.object_insert(x, key, value) AS
    json_merge_patch(x, json_object(CAST(key AS VARCHAR), value));
CREATE OR REPLACE MACRO _fs_global._snowtape.object_delete(x, key) AS
    json_merge_patch(x, json_object(CAST(key AS VARCHAR), NULL));
CREATE OR REPLACE MACRO _fs_global._snowtape.is_type(x, name) AS
    _fs_global._snowtape.type_of_variant(x) = name;
