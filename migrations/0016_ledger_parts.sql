-- jtis are random: in an index of all of them each insert touches a page of its own, which is then a page to write. So there is
-- one for each part of 16,384 records that were issued one after the other: inserts touch the pages of the last part, again and
-- again, and a look-up asks every part.
DROP INDEX ledger_tokens_by_jti;
CREATE INDEX ledger_tokens_by_part ON ledger_tokens (id >> 14, jti_key);
