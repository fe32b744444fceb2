-- Links whose columns compare otherwise than the keys that they refer to: two
-- values of links can be of one row, and one value of two. A row is a row.
SET client_min_messages = warning;
-- from 18 on a foreign key refuses two collations of which one is not deterministic
SELECT current_setting('server_version_num')::int >= 180000 AS refused \gset
\if :refused
\quit
\endif
CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

CREATE TABLE writer (id char(10) PRIMARY KEY);
CREATE TABLE tag (name text COLLATE ci PRIMARY KEY);
CREATE TABLE writer_tag (
	writer_id varchar NOT NULL REFERENCES writer,
	tag_name text NOT NULL REFERENCES tag,
	PRIMARY KEY (writer_id, tag_name));
INSERT INTO writer VALUES ('a'), ('b'), ('c'), ('d');
INSERT INTO tag VALUES ('Sea'), ('Sky'), ('x');
SELECT m2m_adopt('writer_tag');
INSERT INTO writer_tag VALUES ('a', 'Sea'), ('a ', 'sea'), ('a', 'SEA'), ('b', 'sky'), ('c', 'SKY'), ('c ', 'SeA');
SELECT * FROM m2m_counts(NULL::tag, 'writer') ORDER BY 1;
SELECT * FROM m2m_counts(NULL::writer, 'tag') ORDER BY 1;
SELECT m2m_count('writer', 'a', 'tag'), m2m_count('writer', 'a  ', 'tag'), m2m_count('tag', 'SEA', 'writer');
SELECT m2m_linked('writer', 'a  ', 'tag', 'seA'), m2m_linked('writer', 'b', 'tag', 'SKY'), m2m_linked('writer', 'b', 'tag', 'sea');
SELECT * FROM m2m_find(NULL::writer, 'tag', all_of => 'sea');
SELECT * FROM m2m_find(NULL::writer, 'tag', all_of => '{sea,SEA}'::text[]);
SELECT * FROM m2m_find(NULL::writer, 'tag', all_of => '{sea,sky}'::text[]);
SELECT * FROM m2m_find(NULL::writer, 'tag', any_of => '{sea,sky}'::text[], after => 'a', max_rows => 1);
SELECT * FROM m2m_find(NULL::writer, 'tag', any_of => '{sea,sky}'::text[], at_least => 2);
SELECT * FROM m2m_find(NULL::writer, 'tag', at_least => 2);
SELECT * FROM m2m_find(NULL::writer, 'tag', exactly => '{sea}'::text[]);
SELECT * FROM m2m_find(NULL::writer, 'tag', exactly => '{SEA,sKY}'::text[]);
SELECT * FROM m2m_find(NULL::writer, 'tag', none_of => '{sea}'::text[]);
SELECT * FROM m2m_find(NULL::writer, 'tag', all_of => '{}'::text[]);
SELECT * FROM m2m_find(NULL::tag, 'writer', all_of => 'a');
SELECT * FROM m2m_find(NULL::tag, 'writer', all_of => '{a ,c}'::text[]);
SELECT * FROM m2m_find(NULL::tag, 'writer', any_of => '{a,b}'::text[]);
SELECT * FROM m2m_find(NULL::tag, 'writer', at_least => 2);
SELECT * FROM m2m_find(NULL::tag, 'writer', exactly => '{a,c}'::text[]);
SELECT * FROM m2m_seek(NULL::text, 'writer_tag', 'tag', any_of => '{a,b}'::text[]);
SELECT * FROM m2m_related(NULL::writer, 'a', 'tag');
SELECT * FROM m2m_related(NULL::writer, 'c ', 'tag', max_rows => 1);
SELECT * FROM m2m_related(NULL::tag, 'sky', 'writer');

-- calls that write are about pairs of rows, however those are spelled
SELECT m2m_link('writer', 'a', 'tag', 'sEA'), m2m_link('writer', 'b', 'tag', '{sky,SEA,sea}'::text[]);
INSERT INTO writer_tags VALUES ('a', 'SeA'), ('d', 'x');
SELECT quote_literal(writer_id), tag_name FROM writer_tag ORDER BY writer_id COLLATE "C", tag_name COLLATE "C";
SELECT * FROM m2m_set('writer', 'a', 'tag', '{SEA,sky}'::text[]);
SELECT * FROM m2m_set('writer', 'a', 'tag', '{sea,x,X}'::text[], properties => '{}');
SELECT * FROM m2m_set('writer', 'a', 'tag', '{X}'::text[]);
SELECT * FROM m2m_set('tag', 'sea', 'writer', '{c,d}'::text[]);
SELECT * FROM m2m_set('tag', 'sKY', 'writer', '{"c  "}'::text[]);
SELECT quote_literal(writer_id), tag_name FROM writer_tag ORDER BY writer_id COLLATE "C", tag_name COLLATE "C";
INSERT INTO writer_tag VALUES ('a', 'Sea'), ('a ', 'SEA');
SELECT m2m_toggle('writer', 'a', 'tag', 'sea'), m2m_toggle('writer', 'a', 'tag', 'sea');
INSERT INTO writer_tag VALUES ('a', 'Sea'), ('a ', 'SEA');
SELECT * FROM m2m_copy('writer', 'a', 'writer', 'b');
SELECT * FROM m2m_copy('tag', 'sea', 'tag', 'sky');
SELECT quote_literal(writer_id), tag_name FROM writer_tag ORDER BY writer_id COLLATE "C", tag_name COLLATE "C";
BEGIN;
SELECT m2m_unlink('writer', 'a ', 'tag', 'sEA');
SELECT m2m_linked('writer', 'a', 'tag', 'Sea'), m2m_count('writer', 'a', 'tag');
ROLLBACK;
BEGIN;
DELETE FROM writer_tags WHERE writer_id = 'a' AND name = 'sea';
SELECT m2m_linked('writer', 'a', 'tag', 'Sea'), m2m_count('writer', 'a', 'tag');
ROLLBACK;
BEGIN;
SELECT m2m_clear('writer', 'a ', 'tag');
SELECT m2m_linked('writer', 'a', 'tag', 'Sea'), m2m_count('writer', 'a', 'tag');
ROLLBACK;
BEGIN;
INSERT INTO tag VALUES ('y');
INSERT INTO writer_tag VALUES ('d ', 'seA'), ('b ', 'sKY');
SELECT * FROM m2m_merge('tag', '{sea,sky}'::text[], 'y');
SELECT quote_literal(writer_id), tag_name FROM writer_tag WHERE tag_name COLLATE ci = 'y' ORDER BY writer_id COLLATE "C", tag_name COLLATE "C";
ROLLBACK;
SELECT * FROM m2m_merge('tag', 'sea', 'x');
SELECT quote_literal(writer_id), tag_name FROM writer_tag ORDER BY writer_id COLLATE "C", tag_name COLLATE "C";
SELECT * FROM m2m_merge('writer', '{a,b}'::text[], 'c');
SELECT quote_literal(writer_id), tag_name FROM writer_tag ORDER BY writer_id COLLATE "C", tag_name COLLATE "C";
SELECT finding FROM m2m_check('writer_tag') WHERE severity = 'error';
DROP TABLE writer, tag, writer_tag CASCADE;

-- values that are one for links are two rows: none gets the other's links
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE word (name text PRIMARY KEY);
CREATE TABLE author_word (
	author_id int NOT NULL REFERENCES author,
	word text COLLATE ci NOT NULL REFERENCES word,
	UNIQUE (author_id, word));
INSERT INTO author SELECT generate_series(1, 4);
INSERT INTO word VALUES ('Go'), ('go'), ('GO'), ('Java');
SELECT m2m_adopt('author_word');
INSERT INTO author_word VALUES (1, 'Go'), (2, 'go'), (3, 'go'), (3, 'Java');
SELECT * FROM m2m_counts(NULL::word, 'author') ORDER BY (row).name COLLATE "C";
SELECT name FROM m2m_find(NULL::word, 'author', at_least => 1);
SELECT name FROM m2m_find(NULL::word, 'author', any_of => '{1,2}'::int[], at_least => 1);
SELECT name FROM m2m_find(NULL::word, 'author', all_of => '{2,3}'::int[]);
SELECT id FROM m2m_find(NULL::author, 'word', any_of => '{Go,go}'::text[]);
SELECT id FROM m2m_find(NULL::author, 'word', exactly => '{go}'::text[]);
SELECT id FROM m2m_find(NULL::author, 'word', none_of => '{go}'::text[]);
SELECT * FROM m2m_related(NULL::author, 2, 'word');
SELECT * FROM m2m_related(NULL::word, 'go', 'author');
-- the table has no room for both; that is said, as to an INSERT
SELECT m2m_link('author', 1, 'word', '{Go,go}'::text[]);
INSERT INTO author_words VALUES (1, 'go');
SELECT m2m_link('author', 1, 'word', '{Go,Java}'::text[]);
SELECT author_id, word FROM author_word ORDER BY 1, word COLLATE "C";
DROP TABLE author, word, author_word CASCADE;

-- keys of several columns, one of them in both; and what SQL says by joins
CREATE TABLE member (tenant char(4), id int, PRIMARY KEY (tenant, id));
CREATE TABLE team (tenant char(4), name text COLLATE ci, PRIMARY KEY (tenant, name));
CREATE TABLE member_team (
	tenant varchar NOT NULL, member_id bigint NOT NULL, team text COLLATE "C" NOT NULL,
	FOREIGN KEY (tenant, member_id) REFERENCES member,
	FOREIGN KEY (tenant, team) REFERENCES team);
INSERT INTO member SELECT t, n FROM unnest('{s,t}'::text[]) t, generate_series(1, 5) n;
INSERT INTO team SELECT t, n FROM unnest('{s,t}'::text[]) t, unnest('{Red,Blue,Gold}'::text[]) n;
SELECT m2m_adopt('member_team');
INSERT INTO member_team
 SELECT rpad(t, 1 + n % 3), n % 5 + 1, CASE n % 2 WHEN 0 THEN upper(c) ELSE lower(c) END
   FROM unnest('{s,t}'::text[]) t, generate_series(1, 12) n, unnest('{Red,Blue,Gold}'::text[]) c
  WHERE (n + length(c) + ascii(t)) % 3 > 0;
CREATE VIEW pairs AS
 SELECT m AS member, t AS team FROM member_team l
   JOIN member m ON m.tenant = l.tenant AND m.id = l.member_id
   JOIN team t ON t.tenant = l.tenant AND t.name = l.team COLLATE ci;
SELECT * FROM m2m_counts(NULL::member, 'team') EXCEPT ALL
 SELECT m, (SELECT count(*) FROM pairs WHERE member = m) FROM member m;
SELECT * FROM m2m_counts(NULL::team, 'member') EXCEPT ALL
 SELECT t, (SELECT count(*) FROM pairs WHERE team = t) FROM team t;
SELECT count(*) FROM m2m_counts(NULL::team, 'member');
SELECT n, ARRAY(SELECT f FROM m2m_find(NULL::team, 'member', at_least => n) f) =
  ARRAY(SELECT team FROM pairs GROUP BY 1 HAVING count(DISTINCT member) >= n ORDER BY 1) AS same
  FROM generate_series(1, 5) n;
SELECT n, ARRAY(SELECT f FROM m2m_find(NULL::member, 'team', at_least => n) f) =
  ARRAY(SELECT member FROM pairs GROUP BY 1 HAVING count(DISTINCT team) >= n ORDER BY 1) AS same
  FROM generate_series(1, 3) n;
SELECT ARRAY(SELECT f FROM m2m_find(NULL::member, 'team', all_of => '{"(s,RED)","(\"s \",gold)"}') f) =
  ARRAY(SELECT member FROM pairs WHERE team IN (ROW('s', 'Red')::team, ROW('s', 'Gold')::team) GROUP BY 1 HAVING count(DISTINCT team) = 2 ORDER BY 1) AS same;
SELECT ARRAY(SELECT f FROM m2m_find(NULL::team, 'member', any_of => '{"(s,1)","(t,2)","(\"t \",3)"}', at_least => 2) f) =
  ARRAY(SELECT team FROM pairs WHERE member IN (ROW('s', 1)::member, ROW('t', 2)::member, ROW('t', 3)::member) GROUP BY 1 HAVING count(DISTINCT member) >= 2 ORDER BY 1) AS same;
SELECT (r.row).id, r.shared, round(r.jaccard::numeric, 3) FROM m2m_related(NULL::member, '(s,1)', 'team') r;
SELECT (o.member).id, count(DISTINCT o.team) FROM pairs p JOIN pairs o ON o.team = p.team
 WHERE p.member = ROW('s', 1)::member AND o.member <> ROW('s', 1)::member GROUP BY o.member ORDER BY 2 DESC, 1;
SELECT m2m_link('member', '(s,1)', 'team', '(s,red)') + m2m_link('member', '(s,1)', 'team', '(s,RED)');
SELECT unlinked, kept FROM m2m_set('member', '(s,1)', 'team', '{"(s,rED)"}');
-- with properties: each link its own
ALTER TABLE member_team ADD COLUMN note text;
SELECT m2m_link('member', '(t,1)', 'team', '(t,red)', properties => '{"note": "x"}');
SELECT * FROM m2m_copy('member', '(t,1)', 'member', '(t,5)');
SELECT * FROM m2m_merge('team', '(t,red)', '(t,gold)');
SELECT quote_literal(tenant), member_id, lower(team), note, count(*) FROM member_team WHERE tenant LIKE 't%' AND team ILIKE 'gold' GROUP BY 1, 2, 3, 4 ORDER BY 2, 1, 4;
DROP TABLE member, team, member_team CASCADE;

-- both compare in the same way; and rows that links lead to
CREATE TABLE person (name text COLLATE ci PRIMARY KEY);
CREATE TABLE knows (
	who text COLLATE ci REFERENCES person, whom text COLLATE ci REFERENCES person, PRIMARY KEY (who, whom));
CREATE TABLE likes (
	who text COLLATE "C" REFERENCES person, whom varchar REFERENCES person, PRIMARY KEY (who, whom));
INSERT INTO person VALUES ('Ann'), ('Bob'), ('Cy');
SELECT m2m_adopt('knows', 'who', 'known'), m2m_adopt('likes', 'fan', 'liked');
INSERT INTO knows VALUES ('ann', 'BOB'), ('bob', 'cy'), ('CY', 'Ann');
INSERT INTO likes SELECT * FROM knows;
INSERT INTO likes VALUES ('ANN', 'bob'), ('Ann', 'Bob'), ('Bob', 'CY');
SELECT * FROM m2m_reach(NULL::person, 'ANN', 'knows');
SELECT * FROM m2m_reach(NULL::person, 'ANN', 'likes');
SELECT * FROM m2m_reach(NULL::person, 'ANN', 'likes', direction => 'both');
SELECT * FROM m2m_counts(NULL::person, 'person', 'knows', 'who') ORDER BY 1;
SELECT * FROM m2m_counts(NULL::person, 'person', 'likes', 'fan') ORDER BY 1;
SELECT * FROM m2m_find(NULL::person, 'person', all_of => 'bOB', via => 'knows', role => 'who');
SELECT * FROM m2m_find(NULL::person, 'person', all_of => 'bOB', via => 'likes', role => 'fan');
SELECT * FROM m2m_find(NULL::person, 'person', at_least => 1, via => 'likes', role => 'liked');
DROP TABLE person, knows, likes CASCADE;

-- by a policy rows of the other side are not seen, nor links to them
CREATE ROLE question_alike_reader;
CREATE TABLE writer (id char(10) PRIMARY KEY);
CREATE TABLE tag (name text COLLATE ci PRIMARY KEY);
CREATE TABLE writer_tag (
	writer_id varchar NOT NULL REFERENCES writer,
	tag_name text NOT NULL REFERENCES tag,
	PRIMARY KEY (writer_id, tag_name));
INSERT INTO writer VALUES ('a'), ('b');
INSERT INTO tag VALUES ('Sea'), ('Sky');
SELECT m2m_adopt('writer_tag');
INSERT INTO writer_tag VALUES ('a', 'Sea'), ('a ', 'sea'), ('a', 'sky'), ('b', 'sky');
ALTER TABLE tag ENABLE ROW LEVEL SECURITY;
CREATE POLICY only_sea ON tag USING (name = 'sea');
GRANT SELECT ON writer, writer_tag, tag TO question_alike_reader;
SET ROLE question_alike_reader;
SELECT * FROM m2m_counts(NULL::writer, 'tag') ORDER BY 1;
SELECT * FROM m2m_counts(NULL::tag, 'writer') ORDER BY 1;
SELECT * FROM m2m_find(NULL::writer, 'tag', at_least => 1);
SELECT * FROM m2m_find(NULL::writer, 'tag', at_least => 2);
RESET ROLE;
DROP TABLE writer, tag, writer_tag CASCADE;

-- text and varchar, and collations by which only the same is equal, are no such case
CREATE TABLE a (id text PRIMARY KEY);
CREATE TABLE b (id varchar(20) COLLATE "C" PRIMARY KEY);
CREATE TABLE a_b (a_id varchar REFERENCES a, b_id text REFERENCES b, PRIMARY KEY (a_id, b_id));
INSERT INTO a VALUES ('1'), ('2');
INSERT INTO b VALUES ('1'), ('2');
SELECT m2m_adopt('a_b');
SELECT m2m_link('a', '1', 'b', '{1,2}'::text[]), m2m_link('a', '{1,2}'::text[], 'b', '2');
SET m2m.direct_path = off;
SELECT * FROM m2m_counts(NULL::a, 'b') ORDER BY 1;
SELECT m2m_link('a', '1', 'b', '{1,2}'::text[]);
RESET m2m.direct_path;
DROP TABLE a, b, a_b CASCADE;
DROP ROLE question_alike_reader;
DROP COLLATION ci;
