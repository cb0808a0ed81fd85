-- What was imported.
-- The dialect is that of engine/migrations/0001_engine.sql.

-- Which import wrote what, so that the same file can be imported again without doubling anything.
create table imported_files (
    tenant_id text collate "C" not null,
    name text collate "C" not null,
    digest text collate "C" not null,
    records bigint not null,
    at timestamptz not null,
    primary key (tenant_id, name, digest)
);

-- What each record said when it was last imported. An import applies what a file changes against this, so that what
-- happened on the server since stays.
create table imported_records (
    tenant_id text collate "C" not null,
    -- `customers`, `products` or `orders`.
    kind text collate "C" not null,
    id text collate "C" not null,
    -- The record in the import format, as JSON.
    record text not null,
    primary key (tenant_id, kind, id)
);
