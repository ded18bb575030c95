CREATE TABLE account_links (
  address    TEXT PRIMARY KEY REFERENCES accounts (address) ON DELETE CASCADE,
  token_hash BLOB NOT NULL UNIQUE,          -- keyed hash
  purpose    TEXT NOT NULL,                 -- invite, reset
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE accounts (
  address       TEXT PRIMARY KEY,
  name          TEXT NOT NULL,
  roles         TEXT NOT NULL,              -- names, separated by spaces
  password_hash TEXT NOT NULL,              -- argon2id, PHC string
  created_at    INTEGER NOT NULL,
  disabled_at   INTEGER NOT NULL DEFAULT 0
, language TEXT NOT NULL DEFAULT '') STRICT;

CREATE TABLE answers (
  key        BLOB PRIMARY KEY,              -- hash of who asked and the key
  request    BLOB NOT NULL,                 -- hash of what was asked
  status     INTEGER NOT NULL,              -- 0 while it is being answered
  body       BLOB NOT NULL,
  message    TEXT NOT NULL DEFAULT '',      -- that it is about; '' is none
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE app_passwords (
  id         TEXT PRIMARY KEY,
  hash       BLOB NOT NULL UNIQUE,          -- keyed, of the password
  account    TEXT NOT NULL,
  name       TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at    INTEGER NOT NULL DEFAULT 0,    -- last sign-in, to within a minute; 0: none
  used_ip    TEXT NOT NULL DEFAULT ''       -- where that came from
) STRICT;

CREATE TABLE attempts (
  outbox INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  reply  TEXT NOT NULL,                     -- empty: taken
  PRIMARY KEY (outbox, number)
) STRICT;

CREATE TABLE audit (
  seq     INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  action  TEXT NOT NULL,
  actor   TEXT NOT NULL,
  message TEXT NOT NULL,
  allowed INTEGER NOT NULL,
  entry   TEXT NOT NULL,                    -- canonical JSON
  hash    BLOB NOT NULL                     -- SHA-256(previous hash | entry)
) STRICT;

CREATE TABLE audit_keys (
  public  BLOB PRIMARY KEY,
  made_at INTEGER NOT NULL
) STRICT;

CREATE TABLE batch_items (
  batch      TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
  seq        INTEGER NOT NULL,
  message    TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  targets    TEXT NOT NULL,                 -- ids of recipients, separated by spaces
  read       INTEGER NOT NULL,              -- how many of them had read
  result     TEXT NOT NULL DEFAULT '',      -- '' is still to do
  undo       TEXT NOT NULL DEFAULT '',      -- what became of it when the batch was undone
  PRIMARY KEY (batch, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE batches (
  id            TEXT PRIMARY KEY,
  state         TEXT NOT NULL,              -- planning, planned, waiting, running, done, undoing, undone, discarded
  query         TEXT NOT NULL,              -- JSON; '' when the messages were chosen one by one
  reason        TEXT NOT NULL,
  messages      INTEGER NOT NULL,
  recipients    INTEGER NOT NULL,
  read          INTEGER NOT NULL,           -- recipients who had read when it was planned
  finished      INTEGER NOT NULL DEFAULT 0, -- messages that the run, or the undoing, is through with
  created_at    INTEGER NOT NULL,
  created_by    TEXT NOT NULL,
  created_name  TEXT NOT NULL,
  actor         TEXT NOT NULL DEFAULT '',   -- JSON: in whose name it runs, or is undone
  approved_by   TEXT NOT NULL DEFAULT '',
  approved_name TEXT NOT NULL DEFAULT '',
  started_at    INTEGER NOT NULL DEFAULT 0,
  finished_at   INTEGER NOT NULL DEFAULT 0,
  undone_by     TEXT NOT NULL DEFAULT '',
  undone_name   TEXT NOT NULL DEFAULT '',
  undone_at     INTEGER NOT NULL DEFAULT 0
, everybody INTEGER NOT NULL DEFAULT 1, found INTEGER NOT NULL DEFAULT 0, left_inline INTEGER NOT NULL DEFAULT 0, left_revoked INTEGER NOT NULL DEFAULT 0, left_destroyed INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE brands (
  id         TEXT PRIMARY KEY,
  version    INTEGER NOT NULL,              -- grows with each change of this brand
  fields     TEXT NOT NULL,
  logo       BLOB,                          -- PNG; NULL: that of the brand that it inherits from
  changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE browsers (
  hash       BLOB NOT NULL,                 -- SHA-256 of the id in the cookie
  address    TEXT NOT NULL,
  id         TEXT NOT NULL UNIQUE,          -- names it in the list of its owner
  agent      TEXT NOT NULL,                 -- browser family
  created_at INTEGER NOT NULL,              -- when the mailbox was proved
  seen_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, proof TEXT NOT NULL DEFAULT '', called TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (hash, address)
) STRICT;

CREATE TABLE budgets (
  name     TEXT PRIMARY KEY,
  ready_at INTEGER NOT NULL
) STRICT;

CREATE TABLE checkpoints (
  seq       INTEGER PRIMARY KEY,            -- of the last audit row that it covers
  at        INTEGER NOT NULL,
  entry     TEXT NOT NULL                   -- signed, as it was sent away
) STRICT;

CREATE TABLE chunks (
  message TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  seq     INTEGER NOT NULL,
  data    BLOB NOT NULL,
  PRIMARY KEY (message, seq)
) STRICT;

CREATE TABLE epochs (
  number       INTEGER PRIMARY KEY,
  made_at      INTEGER NOT NULL,
  destroyed_at INTEGER NOT NULL DEFAULT 0  -- when its key was seen to be gone
) STRICT;

CREATE TABLE events (
  id        INTEGER PRIMARY KEY,
  message   TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  recipient TEXT NOT NULL,
  at        INTEGER NOT NULL,
  kind      TEXT NOT NULL,
  part      INTEGER NOT NULL DEFAULT 0,
  detail    TEXT NOT NULL DEFAULT ''
, proof TEXT NOT NULL DEFAULT '', agent TEXT NOT NULL DEFAULT '', ip TEXT NOT NULL DEFAULT '', called TEXT NOT NULL DEFAULT '') STRICT;

CREATE TABLE factor_locks (
  address  TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  until    INTEGER NOT NULL
) STRICT;

CREATE TABLE factors (
  kind       TEXT NOT NULL,                 -- totp, passkey
  handle     BLOB NOT NULL,                 -- of a passkey what its device calls it; of totp the address: there is one
  address    TEXT NOT NULL,                 -- of the account
  id         TEXT NOT NULL UNIQUE,          -- names it in addresses of pages
  name       TEXT NOT NULL,                 -- as its holder calls it
  sealed     BLOB NOT NULL,                 -- what answers are held against
  counter    INTEGER NOT NULL DEFAULT 0,    -- of the newest answer that was taken: none is taken twice
  created_at INTEGER NOT NULL,
  used_at    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, handle)
) STRICT;

CREATE TABLE journal (
  seq   INTEGER PRIMARY KEY,
  entry TEXT NOT NULL,                      -- canonical JSON
  hash  BLOB NOT NULL,                      -- SHA-256(entry), which names the hash before it
  held  INTEGER NOT NULL                    -- how far the file was on the disk then, at least
) STRICT;

CREATE TABLE languages (
  address TEXT PRIMARY KEY,
  tag     TEXT NOT NULL,                      -- BCP 47: 'de'
  at      INTEGER NOT NULL                    -- when it was chosen
) STRICT;

CREATE TABLE locks (
  recipient TEXT PRIMARY KEY REFERENCES recipients (id) ON DELETE CASCADE,
  failures  INTEGER NOT NULL,               -- codes used up by wrong tries in a row
  until     INTEGER NOT NULL
) STRICT;

CREATE TABLE messages (
  id           TEXT PRIMARY KEY,
  status       TEXT NOT NULL,               -- incoming, accepted, destroyed
  message_id   TEXT UNIQUE,                 -- NULL while incoming
  reference    TEXT NOT NULL DEFAULT '',
  sender       TEXT NOT NULL DEFAULT '',
  sender_name  TEXT NOT NULL DEFAULT '',
  subject      TEXT NOT NULL DEFAULT '',
  protection   TEXT NOT NULL DEFAULT '',
  method       TEXT NOT NULL DEFAULT '',
  decided_by   TEXT NOT NULL DEFAULT '',
  via          TEXT NOT NULL DEFAULT '',
  portal       INTEGER NOT NULL DEFAULT 0,
  accepted_at  INTEGER NOT NULL,            -- while incoming: when it began
  expires_at   INTEGER NOT NULL DEFAULT 0,
  swept        INTEGER NOT NULL DEFAULT 0,  -- 1: expired, and no recipient holds a key
  size         INTEGER NOT NULL DEFAULT 0,
  attachments  INTEGER NOT NULL DEFAULT 0,
  body_hash    BLOB,                        -- recognises a retry
  sealed_head  BLOB,                        -- head of the sealed stream; chunks follow
  sealed_size  INTEGER NOT NULL DEFAULT 0,  -- head and chunks together
  sealed_index BLOB                         -- index of the parts
, seq INTEGER, brand TEXT NOT NULL DEFAULT '', author TEXT NOT NULL DEFAULT '', author_name TEXT NOT NULL DEFAULT '', original TEXT NOT NULL DEFAULT '', act TEXT NOT NULL DEFAULT '', source TEXT NOT NULL DEFAULT '', key_epoch INTEGER NOT NULL DEFAULT 0, asks TEXT NOT NULL DEFAULT '', latest_end INTEGER NOT NULL DEFAULT 0, passphrase TEXT NOT NULL DEFAULT '', ruled_asks TEXT NOT NULL DEFAULT '') STRICT;

CREATE TABLE more_links (
  token_hash BLOB PRIMARY KEY,
  recipient  TEXT NOT NULL REFERENCES recipients (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE openid_bindings (
  address    TEXT NOT NULL,
  issuer     TEXT NOT NULL,
  subject    TEXT NOT NULL,                 -- by what the issuer knows them, always
  provider   TEXT NOT NULL,                 -- its short name in the settings
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL,              -- last proof
  PRIMARY KEY (address, issuer)
) STRICT;

CREATE TABLE openid_requests (
  state      BLOB PRIMARY KEY,              -- hash of what comes back with the answer
  id         TEXT NOT NULL UNIQUE,          -- names it in the address of the page that says what came of it
  browser    BLOB NOT NULL,                 -- hash of the name of the browser that asked
  recipient  TEXT NOT NULL,                 -- '': an administrator tries the provider
  provider   TEXT NOT NULL,
  sealed     BLOB NOT NULL,                 -- what the answer is held against, later what came of it
  used_at    INTEGER NOT NULL DEFAULT 0,    -- when an answer came; there is one
  expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE "outbox" (
  id         INTEGER PRIMARY KEY,
  kind       TEXT NOT NULL,                 -- passcode, notification, inline, failure, account
  priority   INTEGER NOT NULL,              -- lower leaves first
  message    TEXT REFERENCES messages (id) ON DELETE CASCADE, -- NULL for account
  recipient  TEXT NOT NULL,                 -- '' for account
  address    TEXT NOT NULL DEFAULT '',      -- of the account; '' for all others
  secret     BLOB,                          -- sealed token or passcode; erased when done
  created_at INTEGER NOT NULL,
  due_at     INTEGER NOT NULL,
  attempts   INTEGER NOT NULL DEFAULT 0,
  done_at    INTEGER NOT NULL DEFAULT 0,
  outcome    TEXT NOT NULL DEFAULT '',      -- sent, failed, dropped
  CHECK ((message IS NULL) = (address <> ''))
) STRICT;

CREATE TABLE passcodes (
  recipient  TEXT NOT NULL REFERENCES recipients (id) ON DELETE CASCADE,
  browser    BLOB NOT NULL,                 -- keyed hash of the pre-session cookie
  sealed     BLOB NOT NULL,
  reference  TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  sent_at    INTEGER NOT NULL,
  tries      INTEGER NOT NULL DEFAULT 0,
  used_at    INTEGER NOT NULL DEFAULT 0, notice INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (recipient, browser)
) STRICT;

CREATE TABLE passphrase_tries (
  recipient TEXT PRIMARY KEY,
  tries     INTEGER NOT NULL,                 -- since the last cool-down
  failures  INTEGER NOT NULL DEFAULT 0,       -- cool-downs in a row
  until     INTEGER NOT NULL DEFAULT 0        -- no try counts before
) STRICT;

CREATE TABLE passphrases (
  message TEXT PRIMARY KEY,
  sealed  BLOB NOT NULL                       -- its argon2id hash and the hint
) STRICT;

CREATE TABLE pending (
  hash       BLOB PRIMARY KEY,              -- of what its browser knows it by
  kind       TEXT NOT NULL,
  address    TEXT NOT NULL,                 -- of the account; '': a passkey is to say
  sealed     BLOB,                          -- what the answer is held against
  expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE recipients (
  id            TEXT PRIMARY KEY,
  message       TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  position      INTEGER NOT NULL,
  address       TEXT NOT NULL,
  name          TEXT NOT NULL,
  field         TEXT NOT NULL,
  identity      TEXT NOT NULL,
  experience    TEXT NOT NULL,
  why           TEXT NOT NULL,
  token_hash    BLOB UNIQUE,                -- NULL for inline recipients
  reference     TEXT NOT NULL,
  revoked_at    INTEGER NOT NULL DEFAULT 0,
  revoked_by    TEXT NOT NULL DEFAULT '',
  revoked_name  TEXT NOT NULL DEFAULT '',
  revoked_as    TEXT NOT NULL DEFAULT '',   -- sender, administrator
  revoke_reason TEXT NOT NULL DEFAULT '',
  first_read_at INTEGER NOT NULL DEFAULT 0,
  last_read_at  INTEGER NOT NULL DEFAULT 0,
  notified_at   INTEGER NOT NULL DEFAULT 0,
  bounced_at    INTEGER NOT NULL DEFAULT 0,
  reply         TEXT NOT NULL DEFAULT '', seq INTEGER NOT NULL DEFAULT 0, domain TEXT NOT NULL DEFAULT '', revoked_batch TEXT NOT NULL DEFAULT '', revoked_with TEXT NOT NULL DEFAULT '', key_epoch INTEGER NOT NULL DEFAULT 0,
  UNIQUE (message, address)
) STRICT;

CREATE TABLE recovery_codes (
  address TEXT NOT NULL,
  hash    BLOB NOT NULL,
  used_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (address, hash)
) STRICT;

CREATE TABLE releases (
  id         TEXT PRIMARY KEY,
  message    TEXT NOT NULL,
  recipient  TEXT NOT NULL,
  browser    BLOB NOT NULL,               -- keyed hash of its cookie
  reference  TEXT NOT NULL,               -- both sides see it
  agent      TEXT NOT NULL,               -- browser family that asked
  ip         TEXT NOT NULL,               -- and from where, as far as the settings keep it
  sealed     BLOB,                        -- the code; NULL until the sender has it shown
  asked_at   INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,            -- of the request, and once there is one of the code
  tries      INTEGER NOT NULL DEFAULT 0,
  outcome    TEXT NOT NULL DEFAULT ''     -- used, refused; '': neither
) STRICT;

CREATE TABLE reminders (
  message TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  kind    TEXT NOT NULL,                   -- read, unread, expiring
  due_at  INTEGER,                         -- NULL: when it happens
  PRIMARY KEY (message, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE report_domains (
  domain     TEXT NOT NULL,
  day        INTEGER NOT NULL,              -- since 1970
  recipients INTEGER NOT NULL,
  PRIMARY KEY (domain, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE report_slots (
  slot     INTEGER NOT NULL,                -- since 1970
  method   TEXT NOT NULL,
  brand    TEXT NOT NULL,
  messages INTEGER NOT NULL,
  PRIMARY KEY (slot, method, brand)
) STRICT, WITHOUT ROWID;

CREATE TABLE requests (
  id          TEXT PRIMARY KEY,
  message     TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  recipient   TEXT NOT NULL REFERENCES recipients (id) ON DELETE CASCADE,
  kind        TEXT NOT NULL,               -- time, access
  reason      TEXT NOT NULL,
  asked_at    INTEGER NOT NULL,
  answered_at INTEGER NOT NULL DEFAULT 0,
  answered_by TEXT NOT NULL DEFAULT '',
  answer      TEXT NOT NULL DEFAULT ''     -- approved, declined
) STRICT;

CREATE TABLE rule_version (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL
) STRICT;

CREATE TABLE rules (
  position   INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  enabled    INTEGER NOT NULL,
  version    INTEGER NOT NULL,              -- of all rules, when this one was changed last
  conditions TEXT NOT NULL,
  actions    TEXT NOT NULL
) STRICT;

CREATE TABLE search_due (seq INTEGER PRIMARY KEY) STRICT;

CREATE VIRTUAL TABLE search_parts USING fts5 (message_id, sender, recipients, content = 'search_texts', content_rowid = 'seq',
  columnsize = 0, tokenize = 'trigram');

CREATE TABLE 'search_parts_config'(k PRIMARY KEY, v) WITHOUT ROWID;

CREATE TABLE 'search_parts_data'(id INTEGER PRIMARY KEY, block BLOB);

CREATE TABLE 'search_parts_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;

CREATE TABLE search_texts (
  seq        INTEGER PRIMARY KEY,
  subject    TEXT NOT NULL,
  keys       TEXT NOT NULL,                 -- one word each for sender, recipients, their domains and identity types
  message_id TEXT NOT NULL,
  sender     TEXT NOT NULL,
  recipients TEXT NOT NULL
) STRICT;

CREATE VIRTUAL TABLE search_words USING fts5 (subject, keys, content = 'search_texts', content_rowid = 'seq',
  columnsize = 0, tokenize = 'unicode61 remove_diacritics 2');

CREATE TABLE 'search_words_config'(k PRIMARY KEY, v) WITHOUT ROWID;

CREATE TABLE 'search_words_data'(id INTEGER PRIMARY KEY, block BLOB);

CREATE TABLE 'search_words_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;

CREATE TABLE sessions (
  hash       BLOB PRIMARY KEY,              -- SHA-256 of the id in the cookie
  kind       TEXT NOT NULL,                 -- staff, recipient
  address    TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL               -- absolute limit
, proof TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '', id TEXT NOT NULL DEFAULT '', agent TEXT NOT NULL DEFAULT '', ip TEXT NOT NULL DEFAULT '', told_for TEXT NOT NULL DEFAULT '', told_at INTEGER NOT NULL DEFAULT 0, called TEXT NOT NULL DEFAULT '') STRICT;

CREATE TABLE sqlite_sequence(name,seq);

CREATE TABLE sso_bindings (
  issuer     TEXT NOT NULL,
  subject    TEXT NOT NULL,                 -- by what the issuer knows them, always
  address    TEXT NOT NULL,                 -- of the account
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL,              -- last sign-in
  PRIMARY KEY (issuer, subject),
  UNIQUE (address, issuer)
) STRICT;

CREATE TABLE tokens (
  id         TEXT PRIMARY KEY,
  hash       BLOB NOT NULL UNIQUE,          -- keyed hash
  account    TEXT NOT NULL REFERENCES accounts (address) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  scopes     TEXT NOT NULL,                 -- names, separated by spaces
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER NOT NULL DEFAULT 0,
  ended_at   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE upload_pieces (
  upload TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
  seq    INTEGER NOT NULL,                  -- all but the last are of one length
  data   BLOB NOT NULL,                     -- sealed
  PRIMARY KEY (upload, seq)
) STRICT;

CREATE TABLE uploads (
  id         TEXT PRIMARY KEY,
  account    TEXT NOT NULL,                 -- whose it is; '': nobody's any more, and its pieces are to be removed
  epoch      INTEGER NOT NULL,
  wrapped    BLOB,                          -- its key; NULL with the account
  head       BLOB NOT NULL,                 -- name and type, sealed
  size       INTEGER NOT NULL,              -- bytes that were announced
  received   INTEGER NOT NULL DEFAULT 0,    -- bytes that have arrived
  touched_at INTEGER NOT NULL
) STRICT;

CREATE TABLE visits (
  recipient TEXT NOT NULL REFERENCES recipients (id) ON DELETE CASCADE,
  guess     TEXT NOT NULL,                  -- scanner, person
  why       TEXT NOT NULL,
  agent     TEXT NOT NULL,
  ip        TEXT NOT NULL,
  first_at  INTEGER NOT NULL,
  last_at   INTEGER NOT NULL,
  count     INTEGER NOT NULL,
  PRIMARY KEY (recipient, guess, why, agent, ip)
) STRICT, WITHOUT ROWID;

CREATE TABLE wraps (
  message TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  holder  TEXT NOT NULL,
  epoch   INTEGER NOT NULL,
  wrapped BLOB NOT NULL,
  PRIMARY KEY (message, holder)
) STRICT, WITHOUT ROWID;

CREATE INDEX answers_by_message ON answers (message) WHERE message <> '';

CREATE INDEX answers_by_time ON answers (created_at);

CREATE INDEX app_passwords_by_account ON app_passwords (account, created_at);

CREATE INDEX audit_by_action ON audit (action, seq);

CREATE INDEX audit_by_actor ON audit (actor, seq);

CREATE INDEX audit_by_message ON audit (message, seq);

CREATE INDEX audit_by_time ON audit (at, seq);

CREATE INDEX audit_refused ON audit (seq) WHERE allowed = 0;

CREATE INDEX batch_items_by_message ON batch_items (message);

CREATE INDEX batch_items_to_do ON batch_items (batch, seq) WHERE result = '';

CREATE INDEX batch_items_to_undo ON batch_items (batch, seq) WHERE result = 'revoked' AND undo = '';

CREATE INDEX batches_at_work ON batches (created_at) WHERE state IN ('running', 'undoing');

CREATE INDEX batches_by_time ON batches (created_at, id);

CREATE INDEX batches_half_planned ON batches (created_at) WHERE state = 'planning';

CREATE INDEX browsers_by_address ON browsers (address, seen_at);

CREATE INDEX browsers_by_expiry ON browsers (expires_at);

CREATE INDEX budgets_by_ready ON budgets (ready_at);

CREATE INDEX events_by_message ON events (message, id);

CREATE INDEX factors_by_address ON factors (address);

CREATE INDEX messages_by_expiry ON messages (expires_at) WHERE expires_at > 0 AND swept = 0;

CREATE INDEX messages_by_hash ON messages (body_hash);

CREATE INDEX messages_by_original ON messages (original, seq) WHERE original <> '';

CREATE INDEX messages_by_reference ON messages (reference) WHERE reference <> '';

CREATE INDEX messages_by_sender ON messages (sender, seq);

CREATE UNIQUE INDEX messages_by_seq ON messages (seq);

CREATE INDEX messages_by_source ON messages (source, seq) WHERE source <> '';

CREATE INDEX messages_destroyed ON messages (seq) WHERE status = 'destroyed';

CREATE INDEX messages_incoming ON messages (accepted_at) WHERE status = 'incoming';

CREATE INDEX messages_with_end ON messages (seq, expires_at) WHERE expires_at > 0;

CREATE INDEX more_links_by_recipient ON more_links (recipient);

CREATE INDEX openid_requests_by_expiry ON openid_requests (expires_at);

CREATE INDEX outbox_by_message ON outbox (message);

CREATE INDEX outbox_by_recipient ON outbox (recipient);

CREATE INDEX outbox_due ON outbox (priority, due_at) WHERE done_at = 0;

CREATE INDEX passcodes_by_expiry ON passcodes (expires_at);

CREATE INDEX passphrase_tries_by_end ON passphrase_tries (until);

CREATE INDEX pending_by_address ON pending (address);

CREATE INDEX pending_by_expiry ON pending (expires_at);

CREATE INDEX recipients_bounced ON recipients (seq) WHERE bounced_at > 0;

CREATE INDEX recipients_by_address ON recipients (address, seq);

CREATE INDEX recipients_by_seq ON recipients (seq, domain);

CREATE INDEX recipients_delayed ON recipients (seq)
  WHERE first_read_at = 0 AND bounced_at = 0 AND (notified_at = 0 OR reply <> '');

CREATE INDEX recipients_in_batch ON recipients (revoked_batch) WHERE revoked_batch <> '';

CREATE INDEX recipients_inline ON recipients (seq) WHERE experience = 'inline';

CREATE INDEX recipients_read ON recipients (seq) WHERE first_read_at > 0;

CREATE INDEX recipients_revoked ON recipients (seq) WHERE revoked_at > 0;

CREATE INDEX recipients_unread ON recipients (seq)
  WHERE experience = 'link' AND first_read_at = 0 AND revoked_at = 0 AND bounced_at = 0;

CREATE UNIQUE INDEX releases_by_browser ON releases (recipient, browser);

CREATE INDEX releases_by_expiry ON releases (expires_at);

CREATE INDEX releases_by_message ON releases (message, asked_at);

CREATE INDEX reminders_by_due ON reminders (due_at);

CREATE INDEX report_domains_by_size ON report_domains (day, recipients DESC, domain);

CREATE INDEX requests_by_message ON requests (message);

CREATE INDEX requests_by_recipient ON requests (recipient, kind, asked_at);

CREATE UNIQUE INDEX requests_open ON requests (recipient, kind) WHERE answered_at = 0;

CREATE INDEX sessions_by_address ON sessions (kind, address);

CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE INDEX tokens_by_account ON tokens (account, created_at);

CREATE INDEX uploads_by_account ON uploads (account, touched_at);

CREATE INDEX uploads_by_age ON uploads (touched_at) WHERE account <> '';

CREATE INDEX uploads_by_epoch ON uploads (epoch);

CREATE INDEX wraps_by_epoch ON wraps (epoch);

