-- INFORMATION_SCHEMA.TABLES of one database, over fakesnow's: views are listed too, comments come from DuckDB's catalog.
CREATE OR REPLACE VIEW {database}._fs_information_schema._fs_tables AS
WITH relations AS (
    SELECT database_name, schema_name, table_name, 'BASE TABLE' AS table_type, estimated_size, comment
    FROM duckdb_tables() WHERE NOT internal
    UNION ALL
    SELECT database_name, schema_name, view_name, 'VIEW', NULL, comment
    FROM duckdb_views() WHERE NOT internal
)
SELECT
    database_name AS "TABLE_CATALOG",
    schema_name AS "TABLE_SCHEMA",
    table_name AS "TABLE_NAME",
    'SYSADMIN' AS "TABLE_OWNER",
    table_type AS "TABLE_TYPE",
    'NO' AS "IS_TRANSIENT",
    NULL::VARCHAR AS "CLUSTERING_KEY",
    estimated_size::BIGINT AS "ROW_COUNT",
    CASE WHEN table_type = 'VIEW' THEN NULL ELSE 0::BIGINT END AS "BYTES",
    1::BIGINT AS "RETENTION_TIME",
    NULL::VARCHAR AS "SELF_REFERENCING_COLUMN_NAME",
    NULL::VARCHAR AS "REFERENCE_GENERATION",
    NULL::VARCHAR AS "USER_DEFINED_TYPE_CATALOG",
    NULL::VARCHAR AS "USER_DEFINED_TYPE_SCHEMA",
    NULL::VARCHAR AS "USER_DEFINED_TYPE_NAME",
    'YES' AS "IS_INSERTABLE_INTO",
    'YES' AS "IS_TYPED",
    NULL::VARCHAR AS "COMMIT_ACTION",
    to_timestamp(0)::TIMESTAMPTZ AS "CREATED",
    to_timestamp(0)::TIMESTAMPTZ AS "LAST_ALTERED",
    to_timestamp(0)::TIMESTAMPTZ AS "LAST_DDL",
    'SYSADMIN' AS "LAST_DDL_BY",
    'NO' AS "AUTO_CLUSTERING_ON",
    comment AS "COMMENT",
    'NO' AS "IS_TEMPORARY",
    'NO' AS "IS_ICEBERG",
    'NO' AS "IS_DYNAMIC",
    'NO' AS "IS_IMMUTABLE",
    'NO' AS "IS_HYBRID"
FROM relations
WHERE database_name = {database_literal} AND schema_name NOT IN ('main', '_fs_information_schema');

-- INFORMATION_SCHEMA.COLUMNS: every integer is a NUMBER, whatever width DuckDB gives it.
CREATE OR REPLACE VIEW {database}._fs_information_schema._fs_columns AS
SELECT
    columns.database_name AS "TABLE_CATALOG",
    columns.schema_name AS "TABLE_SCHEMA",
    columns.table_name AS "TABLE_NAME",
    columns.column_name AS "COLUMN_NAME",
    columns.column_index::BIGINT AS "ORDINAL_POSITION",
    columns.column_default AS "COLUMN_DEFAULT",
    CASE WHEN columns.is_nullable THEN 'YES' ELSE 'NO' END AS "IS_NULLABLE",
    CASE
        WHEN columns.data_type LIKE 'DECIMAL%' OR columns.data_type SIMILAR TO '.*INT(EGER)?' THEN 'NUMBER'
        WHEN columns.data_type IN ('DOUBLE', 'FLOAT') THEN 'FLOAT'
        WHEN columns.data_type = 'BLOB' THEN 'BINARY'
        WHEN columns.data_type LIKE 'TIMESTAMP WITH%' THEN 'TIMESTAMP_TZ'
        WHEN columns.data_type LIKE 'TIMESTAMP%' THEN 'TIMESTAMP_NTZ'
        WHEN columns.data_type = 'JSON' THEN 'VARIANT'
        WHEN columns.data_type IN ('BOOLEAN', 'DATE', 'TIME') THEN columns.data_type
        ELSE 'TEXT'
    END AS "DATA_TYPE",
    CASE WHEN columns.data_type = 'VARCHAR' THEN coalesce(ext_character_maximum_length, 16777216) END::BIGINT
        AS "CHARACTER_MAXIMUM_LENGTH",
    CASE WHEN columns.data_type = 'VARCHAR' THEN coalesce(ext_character_octet_length, 16777216) END::BIGINT
        AS "CHARACTER_OCTET_LENGTH",
    CASE
        WHEN columns.data_type LIKE 'DECIMAL%' THEN columns.numeric_precision
        WHEN columns.data_type SIMILAR TO '.*INT(EGER)?' THEN 38
    END::BIGINT AS "NUMERIC_PRECISION",
    CASE WHEN columns.data_type LIKE 'DECIMAL%' OR columns.data_type SIMILAR TO '.*INT(EGER)?' THEN 10 END::BIGINT
        AS "NUMERIC_PRECISION_RADIX",
    CASE
        WHEN columns.data_type LIKE 'DECIMAL%' THEN columns.numeric_scale
        WHEN columns.data_type SIMILAR TO '.*INT(EGER)?' THEN 0
    END::BIGINT AS "NUMERIC_SCALE",
    NULL::VARCHAR AS "COLLATION_NAME",
    'NO' AS "IS_IDENTITY",
    NULL::VARCHAR AS "IDENTITY_GENERATION",
    NULL::VARCHAR AS "IDENTITY_START",
    NULL::VARCHAR AS "IDENTITY_INCREMENT",
    NULL::VARCHAR AS "IDENTITY_CYCLE",
    NULL::VARCHAR AS "IDENTITY_ORDERED",
    columns.comment AS "COMMENT",
    NULL::VARCHAR AS "DATA_TYPE_ALIAS"
FROM duckdb_columns() AS columns
LEFT JOIN _fs_global._fs_information_schema._fs_columns_ext AS ext
    ON
        ext_table_catalog = columns.database_name
        AND ext_table_schema = columns.schema_name
        AND ext_table_name = columns.table_name
        AND ext_column_name = columns.column_name
WHERE
    NOT columns.internal AND columns.database_name = {database_literal}
    AND columns.schema_name NOT IN ('main', '_fs_information_schema');
