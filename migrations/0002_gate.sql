-- The gate's own tables: approvals, idempotency, audit, and the keys that callers come with.

create table api_keys (
    id text collate "C" not null primary key,
    tenant_id text collate "C" not null,
    -- What people call it; the principal is `key:ID`.
    name text not null,
    scopes text not null,
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
    letters text collate "C" not null,
    -- The stored answer; none while the call waits for its approval.
    response text,
    approval_id text collate "C",
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (tenant_id, principal, tool, key)
);
create index idempotency_keys_by_letters on idempotency_keys (tenant_id, principal, tool, letters);
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
