-- Questions, merges and copies: answers may not depend on what the caches
-- still hold, neither within a call nor between two rows of an answer.
SET client_min_messages = warning;
CREATE EXTENSION m2m;
CREATE TABLE post (id int PRIMARY KEY, title text);
CREATE TABLE tag (id int PRIMARY KEY, name text UNIQUE);
INSERT INTO post SELECT i, 'p' || i FROM generate_series(1, 9) i;
INSERT INTO tag SELECT i, 't' || i FROM generate_series(1, 9) i;
SELECT m2m_create('post', 'tag');
SELECT m2m_create('post', 'post', name => 'quote', right_role => 'quoted');
SELECT m2m_link('post', ARRAY[1, 1, 1, 2, 2, 3, 4], 'tag', ARRAY[1, 2, 3, 1, 2, 2, 4]);
SELECT m2m_link('post', ARRAY[1, 2, 3], 'post', ARRAY[2, 3, 1], via => 'quote');
SET debug_discard_caches = :discard;

SELECT * FROM m2m_find(NULL::post, 'tag', all_of => '{1,2}', none_of => 3);
SELECT * FROM m2m_find(NULL::post, 'tag', any_of => '{1,3,4}', at_least => 1, after => 1, max_rows => 2);
SELECT * FROM m2m_find(NULL::post, 'tag', exactly => 2);
SELECT m2m_seek(NULL::int, 'post_tag', 'post', all_of => ARRAY[1, 2]);
SELECT (r.row).id, links FROM m2m_counts(NULL::post, 'tag') r ORDER BY 1;
SELECT (r.row).id, shared, jaccard FROM m2m_related(NULL::post, 1, 'tag') r;
SELECT (r.row).id, depth, path FROM m2m_reach(NULL::post, 1, via => 'quote') r;
SELECT m2m_json('post', ARRAY[1, 2], '{tags}', max_rows => 2);
ALTER TABLE post ADD COLUMN year int DEFAULT 2000;
SELECT * FROM m2m_find(NULL::post, 'tag', all_of => '{1,2}');
SELECT * FROM m2m_copy('post', 1, 'post', 5);
SELECT * FROM m2m_merge('tag', ARRAY[2, 3], 1);
SELECT * FROM m2m_merge('post', 3, 2);
TABLE post_tag ORDER BY 1, 2;
TABLE quote ORDER BY 1, 2;
SELECT m2m_expose('post_tag');
SELECT m2m_unexpose('post_tag');
SET debug_discard_caches = 0;
SELECT * FROM m2m_check();
