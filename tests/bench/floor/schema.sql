-- The rows one turn writes, as wide as the real ones.
CREATE TABLE session (
    id text PRIMARY KEY,
    state text NOT NULL,
    state_no bigint NOT NULL,
    head bigint NOT NULL,
    hash bytea NOT NULL,
    data text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session text NOT NULL REFERENCES session,
    seq bigint NOT NULL,
    kind text NOT NULL,
    version smallint NOT NULL DEFAULT 1,
    visibility smallint NOT NULL DEFAULT 0,
    at timestamptz NOT NULL DEFAULT now(),
    hash bytea NOT NULL,
    commitment bytea NOT NULL,
    salt bytea NOT NULL,
    payload text NOT NULL,
    UNIQUE (session, seq)
);
CREATE TABLE call (
    ref text PRIMARY KEY,
    session text NOT NULL REFERENCES session,
    name text NOT NULL,
    status text NOT NULL,
    attempt smallint NOT NULL DEFAULT 0,
    owner text,
    scope text NOT NULL,
    arguments text NOT NULL,
    result text,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    settled_at timestamptz
);
CREATE INDEX call_waiting ON call (created_at) WHERE status IN ('queued', 'running');
