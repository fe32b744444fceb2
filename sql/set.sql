--
-- m2m_set: makes the links of one row exactly these, and says what it changed
--
\set SHOW_CONTEXT never
CREATE SCHEMA set_links;
SET search_path = set_links, public;
CREATE TABLE post (id int PRIMARY KEY, title text);
CREATE TABLE tag (name text COLLATE "C" PRIMARY KEY);
INSERT INTO post VALUES (1, 'One'), (2, 'Two'), (3, 'Three');
INSERT INTO tag SELECT unnest(string_to_array('c,java,lisp,perl,sql,{a},"b c"', ','));
SELECT m2m_create('post', 'tag');

-- It says what it has linked, unlinked and kept, in the order of the keys
SELECT * FROM m2m_set('post', 1, 'tag', ARRAY['sql', 'c', 'lisp']);
SELECT * FROM m2m_set('post', 1, 'tag', ARRAY['sql', 'perl', 'java', 'perl']);
SELECT * FROM m2m_set('post', 1, 'tag', ARRAY['sql', 'perl', 'java']);
SELECT * FROM m2m_set('post', 1, 'tag', ARRAY[]::text[]);
SELECT * FROM m2m_set('post', 1, 'tag', '{}');
-- Ids are text, whatever they look like
SELECT linked, linked[1] AS first, linked[2] AS second FROM m2m_set('post', 1, 'tag', ARRAY['{a}', '"b c"']);

-- Its last argument is always an array, also for keys that are text: '{sql}'
-- is one tag here, and one id elsewhere
SELECT * FROM m2m_set('post', 2, 'tag', '{sql,c}');
SELECT m2m_link('post', 2, 'tag', '{a}');
TABLE post_tag ORDER BY post_id, tag_name;

-- From the other side; and other rows' links are none of its business
SELECT * FROM m2m_set('tag', 'sql', 'post', '{1,3}');
SELECT * FROM m2m_set('tag', 'sql', 'post', ARRAY[3, 2, 1]);
TABLE post_tag ORDER BY post_id, tag_name;

-- A row that is missing: all is as it was
SELECT * FROM m2m_set('post', 2, 'tag', '{java,cobol}');
\echo :SQLSTATE
SELECT * FROM m2m_set('post', 9, 'tag', '{java}');
-- nothing to link is nothing to complain of
SELECT * FROM m2m_set('post', 9, 'tag', '{}');
TABLE post_tag ORDER BY post_id, tag_name;

-- One row, and an array
SELECT * FROM m2m_set('post', ARRAY[1, 2], 'tag', '{sql}');
\echo :SQLSTATE
SELECT * FROM m2m_set('post', 1, 'tag', 'sql');
\echo :SQLSTATE
SELECT * FROM m2m_set('tag', 'sql', 'post', 1);
\echo :SQLSTATE
SELECT * FROM m2m_set('post', 1, 'tag', ARRAY['sql', NULL]);
\echo :SQLSTATE
SELECT * FROM m2m_set('post', 1, 'tag', NULL);
\echo :SQLSTATE
SELECT * FROM m2m_set('post', NULL, 'tag', '{sql}');

-- For each of several rows: LATERAL calls it once for each
SELECT p.id, s.* FROM post p, LATERAL m2m_set('post', p.id, 'tag', ARRAY['perl', 'c']) s ORDER BY p.id;
-- As a function of one row in the select list it is one column, called once
SELECT m2m_set('post', 1, 'tag', '{sql}');
-- The notation (m2m_set(...)).* calls it for each column, so only the first
-- call finds anything to do; hence SELECT * FROM
SELECT (m2m_set('post', 1, 'tag', '{java}')).*;
TABLE post_tag ORDER BY post_id, tag_name;

-- What is kept is not touched: neither its row version nor its properties
ALTER TABLE post_tag ADD COLUMN note text;
SELECT m2m_link('post', 1, 'tag', 'sql', properties => '{"note": "mine"}');
CREATE TEMPORARY TABLE before AS SELECT ctid AS version, xmin AS by, post_id, tag_name FROM post_tag WHERE post_id = 1;
SELECT * FROM m2m_set('post', 1, 'tag', '{sql,java,lisp}');
SELECT tag_name, note, (l.ctid, l.xmin::text) = (b.version, b.by::text) AS untouched
FROM post_tag l LEFT JOIN before b USING (post_id, tag_name) WHERE post_id = 1 ORDER BY tag_name;
-- A trigger of the user's sees exactly what it says
CREATE TABLE told (said text);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO told VALUES (format('%s of %s and %s', TG_OP, coalesce(NEW.post_id, OLD.post_id), coalesce(NEW.tag_name, OLD.tag_name)));
    RETURN NULL;
END
$$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON post_tag FOR EACH ROW EXECUTE FUNCTION tell();
SELECT * FROM m2m_set('post', 1, 'tag', '{sql,perl,c}');
SELECT * FROM m2m_set('post', 1, 'tag', '{sql,perl,c}');
SELECT said FROM told ORDER BY 1;
DROP TRIGGER tell ON post_tag;
-- A property that must be given is given already in those that are kept
ALTER TABLE post_tag ADD COLUMN weight int;
UPDATE post_tag SET weight = 1;
ALTER TABLE post_tag ALTER weight SET NOT NULL;
SELECT * FROM m2m_set('post', 1, 'tag', '{sql,c}');
SELECT * FROM m2m_set('post', 1, 'tag', '{sql,java}');
\echo :SQLSTATE
SELECT * FROM post_tag WHERE post_id = 1 ORDER BY tag_name;

-- Composite keys come back as rows' text, which is what m2m_set takes
CREATE TABLE seat (line char(1), number int, PRIMARY KEY (line, number));
INSERT INTO seat VALUES ('A', 1), ('A', 2), ('B', 1), ('B', 10), ('B', 9);
SELECT m2m_create('post', 'seat');
SELECT * FROM m2m_set('post', 1, 'seat', ARRAY[ROW('B', 10), ROW('B', 9), ROW('A', 2)]);
SELECT * FROM m2m_set('post', 1, 'seat', '{"(A,2)","(A,1)"}');
SELECT unlinked AS back FROM m2m_set('post', 1, 'seat', '{}') \gset
SELECT * FROM m2m_set('post', 1, 'seat', :'back');
SELECT * FROM m2m_set('seat', ROW('A', 1), 'post', ARRAY[2, 3]);

-- A table linked to itself: outgoing links by default, incoming ones by role
SELECT m2m_create('post', 'post', 'reference', left_role => 'citing', right_role => 'cited');
SELECT * FROM m2m_set('post', 1, 'post', ARRAY[2, 3]);
SELECT * FROM m2m_set('post', 3, 'post', ARRAY[2, 3], role => 'cited');
TABLE reference ORDER BY 1, 2;

-- via, where there are several
SELECT m2m_create('post', 'tag', 'suggested', left_view => 'suggested_tags', right_view => 'suggested_posts');
SELECT * FROM m2m_set('post', 1, 'tag', '{c}');
\echo :SQLSTATE
SELECT * FROM m2m_set('post', 1, 'tag', '{c}', via => 'suggested');

-- Equal keys in different spelling are one id
CREATE TABLE price (amount numeric PRIMARY KEY);
INSERT INTO price VALUES (1.0), (2.50);
SELECT m2m_create('post', 'price');
SELECT * FROM m2m_set('post', 1, 'price', '{1,1.00,2.5}');
SELECT * FROM m2m_set('post', 1, 'price', '{1.000}');

SET client_min_messages = warning;
DROP SCHEMA set_links CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships();
