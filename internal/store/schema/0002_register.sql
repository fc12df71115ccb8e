-- +goose Up
-- Registers whose people are known by something else than their tax code, and
-- statements with an activation code on them.

-- Keyed hash of the tax code where it is not the login (which has an index of its
-- own); NULL where it is, where there is none, and where nobody is to be found by it.
ALTER TABLE entry ADD COLUMN tax_code TEXT;
ALTER TABLE entry_change ADD COLUMN tax_code TEXT;
CREATE INDEX entry_tax_code ON entry (fund, tax_code) WHERE tax_code IS NOT NULL;

-- Rows are added under the version of their import, and never changed but by a
-- use: which code of an entry is good follows from the newest statement that the
-- fund shows. A statement without a usable code has a row too, that nobody can
-- look up.
CREATE TABLE activation_code (
    fund      TEXT   NOT NULL,
    hash      TEXT   NOT NULL, -- keyed hash of the code, or 'none ' and the statement's day
    entry     TEXT   NOT NULL,
    issued_on TEXT   NOT NULL, -- the statement's day, YYYY-MM-DD
    version   BIGINT NOT NULL, -- of the register that brought it
    used_at   BIGINT NOT NULL, -- 0: not
    used_by   TEXT   NOT NULL, -- journey
    PRIMARY KEY (fund, hash, entry)
);
CREATE INDEX activation_code_entry ON activation_code (fund, entry);
