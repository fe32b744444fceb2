--
-- Rules of relationships of other shapes: a column that both keys share, rows
-- that are marked instead of deleted, roles and tables that are renamed
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA rule_shapes;
SET search_path = rule_shapes, public;

-- Tenants: the shared column is one, in side tables, too
CREATE TABLE member (tenant int, id int, clubs int, PRIMARY KEY (tenant, id));
CREATE TABLE club (tenant int, id int, members int, PRIMARY KEY (tenant, id));
INSERT INTO member SELECT t, i FROM generate_series(1, 2) t, generate_series(1, 9) i;
INSERT INTO club SELECT t, i FROM generate_series(1, 2) t, generate_series(1, 9) i;
CREATE TABLE membership (tenant int NOT NULL, member_id int NOT NULL, club_id int NOT NULL, PRIMARY KEY (tenant, member_id, club_id),
	FOREIGN KEY (tenant, member_id) REFERENCES member, FOREIGN KEY (tenant, club_id) REFERENCES club);
CREATE INDEX ON membership (tenant, club_id, member_id);
SELECT m2m_adopt('membership');
SELECT m2m_limit('membership', 'member', max => 3), m2m_limit('membership', 'club', min => 0, max => 4),
	m2m_counter('membership', 'member', counter => 'clubs'), m2m_counter('membership', 'club'), m2m_history('membership'), m2m_notify('membership', 'x', keys => true);
SELECT m2m_link('member', ROW(1, 1), 'club', ARRAY[ROW(1, 1), ROW(1, 2), ROW(1, 3)]);
SELECT m2m_link('member', ROW(1, 1), 'club', ROW(1, 4));
SELECT m2m_link('member', ROW(1, 1), 'club', ROW(1, 4), over_limit => 'skip'), m2m_link('member', ROW(2, 1), 'club', ROW(2, 4), over_limit => 'skip');
SELECT m2m_set('member', ROW(1, 1), 'club', ARRAY[ROW(1, 2), ROW(1, 5)]), m2m_unlink('member', ROW(2, 1), 'club', ROW(2, 4));
SET m2m.direct_path = off;
SELECT m2m_link('member', ROW(2, 2), 'club', ARRAY[ROW(2, 1), ROW(2, 2)]), m2m_unlink('member', ROW(2, 2), 'club', ROW(2, 2));
RESET m2m.direct_path;
INSERT INTO membership VALUES (2, 3, 1), (2, 4, 1), (2, 5, 1), (2, 6, 1);
INSERT INTO membership VALUES (2, 3, 1), (2, 4, 1), (2, 5, 1);
SELECT tenant, id, clubs FROM member WHERE clubs > 0 ORDER BY 1, 2;
SELECT tenant, club_id, sum(n) FROM membership_club_counter GROUP BY 1, 2 ORDER BY 1, 2;
SELECT tenant, member_id, club_id, to_xid IS NULL AS open FROM membership_history ORDER BY history_id;
SELECT * FROM m2m_at(NULL::club, 'member', ROW(1, 1), now());
SELECT * FROM m2m_check('membership');

-- Rows that are marked: setting the column is unlinking
CREATE TABLE person (id int PRIMARY KEY, posts int);
CREATE TABLE post (id int PRIMARY KEY);
INSERT INTO person SELECT generate_series(1, 9);
INSERT INTO post SELECT generate_series(1, 9);
CREATE TABLE likes (person_id int NOT NULL REFERENCES person, post_id int NOT NULL REFERENCES post, deleted_at timestamptz);
CREATE UNIQUE INDEX ON likes (person_id, post_id) WHERE deleted_at IS NULL;
CREATE INDEX ON likes (post_id, person_id);
INSERT INTO likes VALUES (1, 1, now()), (1, 2, NULL);
SELECT m2m_adopt('likes', deleted => 'deleted_at');
SELECT m2m_limit('likes', 'person', max => 2), m2m_counter('likes', 'person', counter => 'posts'), m2m_counter('likes', 'post'), m2m_history('likes');
SELECT id, posts FROM person WHERE posts > 0;
SELECT m2m_link('person', 1, 'post', 1), m2m_unlink('person', 1, 'post', 2);
SELECT m2m_link('person', 1, 'post', 3);
SELECT m2m_link('person', 1, 'post', 4);
SELECT m2m_link('person', 1, 'post', 4, over_limit => 'skip');
UPDATE likes SET deleted_at = now() WHERE post_id = 3;
SELECT m2m_set('person', 1, 'post', ARRAY[4, 5]);
UPDATE likes SET deleted_at = NULL WHERE post_id = 3;
DELETE FROM person_posts WHERE person_id = 1 AND id = 4;
INSERT INTO likes VALUES (2, 1, NULL), (2, 2, now()), (2, 3, now());
SELECT id, posts FROM person WHERE posts > 0 ORDER BY 1;
SELECT post_id, sum(n) FROM likes_post_counter GROUP BY 1 ORDER BY 1;
SELECT person_id, post_id, to_xid IS NULL AS open FROM likes_history ORDER BY history_id;
SELECT severity, finding FROM m2m_check('likes');
SELECT m2m_restore('likes', now());
SELECT m2m_limit('likes', 'person', min => 1);
DELETE FROM person WHERE id > 2;
SELECT m2m_limit('likes', 'person', min => 1);
UPDATE likes SET deleted_at = now() WHERE person_id = 2;

-- Other names
SELECT m2m_counter('likes', 'post');
SELECT m2m_rename('likes', 'fondness', left_role => 'fan', right_role => 'text');
SELECT rule, role, replace(definition, 'public.', '') AS definition, tables, whole FROM m2m_rules('fondness');
SELECT tgrelid::regclass, count(*), bool_and(EXISTS (SELECT FROM pg_depend WHERE objid = t.oid AND deptype = 'x')) AS marked
	FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid WHERE proname LIKE 'm2m_%_links' AND tgrelid::regclass::text NOT LIKE 'm%' GROUP BY 1 ORDER BY 1;
SELECT m2m_link('person', 2, 'post', 7), m2m_unlink('person', 2, 'post', 1);
SELECT id, posts FROM person ORDER BY 1;
UPDATE person SET posts = 17;
SELECT severity, finding FROM m2m_check('fondness');
INSERT INTO person VALUES (7);
SELECT m2m_drop_rule('fondness', rule) FROM m2m_rules('fondness');
SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid WHERE proname LIKE 'm2m_%_links' AND tgrelid IN ('fondness'::regclass, 'person'::regclass, 'post'::regclass);

-- Key columns that are called as columns of a rule's
CREATE TABLE l (n int, d int, PRIMARY KEY (n, d));
CREATE TABLE r (first int PRIMARY KEY);
INSERT INTO l SELECT i, i FROM generate_series(1, 200) i;
INSERT INTO r VALUES (1), (2);
CREATE TABLE lr (n int, d int, first int REFERENCES r, FOREIGN KEY (n, d) REFERENCES l, PRIMARY KEY (n, d, first));
SELECT m2m_adopt('lr');
SELECT m2m_limit('lr', 'l', min => 0, max => 1), m2m_counter('lr', 'l', 'links'), m2m_counter('lr', 'r'), m2m_history('lr');
INSERT INTO lr SELECT i, i, 1 FROM generate_series(1, 200) i;
UPDATE lr SET first = 2 WHERE n < 100;
DELETE FROM lr WHERE n = 2;
SELECT m2m_link('l', ROW(2, 2), 'r', 1), m2m_unlink('l', ROW(3, 3), 'r', 2);
SELECT severity, finding FROM m2m_check('lr');
SELECT m2m_drop_rule('lr', 'm2m_counter_l');
SELECT m2m_counter('lr', 'l');

-- Many keys in one statement: counted in memory, and by SQL where they do not fit
-- or are no numbers; rows with a null are no links
CREATE TABLE one (id int PRIMARY KEY);
CREATE TABLE two (id text PRIMARY KEY);
INSERT INTO one SELECT generate_series(1, 600);
INSERT INTO two SELECT 'b' || i FROM generate_series(1, 600) i;
CREATE TABLE one_two (one int REFERENCES one ON UPDATE CASCADE, two text REFERENCES two, UNIQUE (one, two));
SELECT m2m_adopt('one_two');
SELECT m2m_counter('one_two', 'one', 'links'), m2m_counter('one_two', 'two', 'links'), m2m_limit('one_two', 'one', max => 3), m2m_limit('one_two', 'two', max => 3);
CREATE FUNCTION counted(OUT of_one int, OUT of_two int, OUT wrong int) LANGUAGE sql AS $$
	SELECT (SELECT sum(links) FROM one), (SELECT sum(links) FROM two),
		(SELECT count(*) FROM one WHERE links <> (SELECT count(*) FROM one_two WHERE one = one.id AND two IS NOT NULL))
		+ (SELECT count(*) FROM two WHERE links <> (SELECT count(*) FROM one_two WHERE two = two.id AND one IS NOT NULL)) $$;
SELECT m2m_link('one', ARRAY(SELECT id FROM one), 'two', ARRAY(SELECT id FROM two));
SELECT * FROM counted();
SET work_mem = '64kB';
INSERT INTO one_two SELECT id % 600 + 1, 'b' || id FROM one UNION ALL SELECT NULL, 'b' || id FROM one UNION ALL SELECT id, NULL FROM one;
RESET work_mem;
SELECT * FROM counted();
UPDATE one_two SET two = 'b' || (one % 300 + 1) WHERE two = 'b' || one;
UPDATE one_two SET two = 'b' || (one % 200 + 1) WHERE two = 'b' || (one % 300 + 1) AND one > 300;
UPDATE one_two SET one = NULL WHERE one BETWEEN 101 AND 250;
SELECT * FROM counted();
DELETE FROM one_two WHERE one > 400;
UPDATE one SET id = id + 1000;
SELECT * FROM counted();
INSERT INTO one_two SELECT 1001, 'b' || 300 + i FROM generate_series(1, 150) i;
INSERT INTO one_two SELECT i + 1000, 'b1' FROM generate_series(350, 550) i;
DROP SCHEMA rule_shapes CASCADE;
