-- The role that a key was made with, so that a key has the role's toolsets as a token has. Keys made before kept
-- only the scopes of their role, so those whose scopes are exactly a role's have that role.
alter table api_keys add column role text;

update api_keys
set role = case scopes
    when 'crm:read crm:write orders:read orders:write inventory:read' then 'agent'
    when 'crm:read crm:write crm:pii orders:read orders:write inventory:read analytics:read workflows:run' then 'desk'
    when 'orders:read inventory:read inventory:write' then 'stock'
    when 'inventory:read analytics:read warehouse:query' then 'analyst'
    when 'crm:read crm:pii orders:read inventory:read analytics:read approvals:decide' then 'approver'
    when 'crm:read crm:write crm:pii orders:read orders:write inventory:read inventory:write analytics:read warehouse:query workflows:run approvals:decide keys:manage audit:read' then 'admin'
end;
