-- What each record said when it was last imported. One dialect for both databases, as in 0001.

-- An import applies what a file changes against this, so that what happened on the server since stays.
create table imported_records (
    tenant_id text collate "C" not null,
    -- `customers`, `products` or `orders`.
    kind text collate "C" not null,
    id text collate "C" not null,
    -- The record in the import format, as JSON.
    record text not null,
    primary key (tenant_id, kind, id)
);
