-- The tables of the engine: tenants and their counters, what records are found by, keys, approvals, idempotency,
-- audit, verified callers, and what was imported.
--
-- One dialect for SQLite and Postgres: text, bigint, boolean and timestamptz only, no defaults that read a clock.
-- Every table is a tenant's, and its key begins with the tenant. Text that people do not read is compared by its
-- bytes. Money is in minor units. JSON is kept as text, because its key order is part of what was said.

create table tenants (
    id text collate "C" not null primary key,
    name text not null,
    -- What its amounts are recorded in; it changes only while there are none.
    currency text not null,
    -- Whether that was chosen for this tenant, whatever its business file says.
    own_currency boolean not null default false,
    -- Chosen for this tenant; null is what its business file says. The language is a tag of BCP 47, such as `en-US`.
    time_zone text,
    language text,
    -- The text of its own business file; null is the file of the server.
    business_file text,
    created_at timestamptz not null
);

-- The next business number of each kind (`ORD-10042`).
create table counters (
    tenant_id text collate "C" not null,
    name text collate "C" not null,
    value bigint not null,
    primary key (tenant_id, name)
);

-- Words and sounds by which records of a kind, such as `customer`, are found: `w:lopez`, `s:LPS`. `reindex` writes
-- them anew.
create table search_terms (
    tenant_id text collate "C" not null,
    kind text collate "C" not null,
    term text collate "C" not null,
    ref_id text collate "C" not null,
    primary key (tenant_id, kind, term, ref_id)
);
create index search_terms_by_ref on search_terms (tenant_id, kind, ref_id);

create table api_keys (
    id text collate "C" not null primary key,
    tenant_id text collate "C" not null,
    -- What people call it; the principal is `key:ID`.
    name text not null,
    scopes text not null,
    -- The role that it was made with; none of a key that has scopes alone.
    role text,
    -- SHA-256 of the secret, in hexadecimal.
    secret_hash text collate "C" not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz
);
create index api_keys_by_tenant on api_keys (tenant_id, created_at);

create table approvals (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    status text collate "C" not null check (status in ('pending', 'executed', 'denied', 'expired', 'failed', 'withdrawn')),
    tool text collate "C" not null,
    tool_version bigint not null,
    policy_version text collate "C" not null,
    risk text collate "C" not null,
    -- Who asked, with what authority, in which conversation.
    requester text collate "C" not null,
    requester_token text collate "C",
    requester_scopes text not null,
    conversation text collate "C",
    -- The person as whom its caller was verified; null where nobody was.
    verified_subject text collate "C",
    -- The person whom it is about; empty where it is about somebody who is not known, and null where it is about
    -- nobody, such as a correction of stock.
    subject_id text collate "C",
    -- Exactly what will be executed, and its SHA-256.
    arguments text not null,
    arguments_hash text collate "C" not null,
    -- The claim in `idempotency_keys` that answers the same call again.
    idempotency_key text collate "C" not null,
    summary text not null,
    preview text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    decided_by text collate "C",
    decided_at timestamptz,
    decision_reason text,
    -- The answer of the executed call, or the error of the failed one.
    result text,
    primary key (tenant_id, id)
);
create index approvals_by_status on approvals (tenant_id, status, created_at, id);
create index approvals_by_requester on approvals (tenant_id, requester, created_at, id);
create index approvals_by_expiry on approvals (status, expires_at);

create table idempotency_keys (
    tenant_id text collate "C" not null,
    principal text collate "C" not null,
    tool text collate "C" not null,
    key text collate "C" not null,
    -- SHA-256 of the intent: the same key with another one is a conflict.
    fingerprint text collate "C" not null,
    -- SHA-256 of the arguments as they were sent, with the given key or the conversation: the same letters are the
    -- same call, and nothing has to be understood again.
    arguments_hash text collate "C" not null,
    -- The stored answer; none while the call waits for its approval.
    response text,
    approval_id text collate "C",
    -- The person as whom its caller was verified; null where nobody was. Its answer is for nobody else.
    verified_subject text collate "C",
    -- The person whom the answer is about; empty where nobody can say who, null where it is about nobody.
    subject_id text collate "C",
    -- What the caller was allowed. The answer is for no caller who is allowed less.
    scopes text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (tenant_id, principal, tool, key)
);
create index idempotency_keys_by_arguments on idempotency_keys (tenant_id, principal, tool, arguments_hash);
create index idempotency_keys_by_expiry on idempotency_keys (expires_at);

create table audit (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    at timestamptz not null,
    principal text collate "C" not null,
    token_id text collate "C",
    action text collate "C" not null,
    tool text collate "C" not null,
    outcome text collate "C" not null,
    approval_id text collate "C",
    -- What was touched, by its business id.
    subject text collate "C",
    arguments_hash text collate "C",
    conversation text collate "C",
    request_id text collate "C",
    primary key (tenant_id, id)
);
create index audit_by_principal on audit (tenant_id, principal, tool, at);

-- A verified caller, until the verification expires. `id` is the SHA-256 of the handle.
create table verifications (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    principal text collate "C" not null,
    -- The conversation that a header named; none where only the handle proves it.
    conversation text collate "C",
    subject_id text collate "C" not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (tenant_id, id)
);
create index verifications_by_conversation on verifications (tenant_id, principal, conversation, expires_at);
create index verifications_by_expiry on verifications (expires_at);

-- How often somebody has guessed, by caller and person.
create table verification_tries (
    tenant_id text collate "C" not null,
    principal text collate "C" not null,
    subject_id text collate "C" not null,
    failures bigint not null check (failures >= 0),
    locked_until timestamptz,
    primary key (tenant_id, principal, subject_id)
);

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
    -- The name of its file, without the extension.
    kind text collate "C" not null,
    id text collate "C" not null,
    -- The record in the import format, as JSON.
    record text not null,
    primary key (tenant_id, kind, id)
);
