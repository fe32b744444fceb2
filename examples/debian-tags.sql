-- Debian's packages and their tags. The pairs come on psql's standard input:
--   psql -f examples/debian-tags.sql < examples/debian-tags.tsv

CREATE TABLE package (name text PRIMARY KEY);
CREATE TABLE debtag (name text PRIMARY KEY);
CREATE TEMPORARY TABLE pair (package text NOT NULL, debtag text NOT NULL);
\copy pair FROM pstdin
INSERT INTO package SELECT DISTINCT package FROM pair;
INSERT INTO debtag SELECT DISTINCT debtag FROM pair;

\echo
\echo '-- Every pair, linked by one call with two arrays.'
\timing on
SELECT m2m_link('package', array_agg(package), 'debtag', array_agg(debtag)) AS links FROM pair;
\timing off
\echo
VACUUM ANALYZE package, debtag, package_debtag;

\echo
\echo '-- What is the GIMP?'
SELECT split_part(name, '::', 1) AS facet,
       string_agg(regexp_replace(name, '^.*?::', ''), ', ' ORDER BY name) AS of_the_gimp
  FROM package_debtags
 WHERE package_name = 'gimp'
 GROUP BY facet ORDER BY facet;

\echo '-- The other direction: who plays chess?'
SELECT name FROM debtag_packages WHERE debtag_name = 'game::board:chess' ORDER BY name;

\echo '-- Which packages carry all of these tags? A strategy game, over the network, drawn with SDL:'
\timing on
SELECT name FROM m2m_find(NULL::package, 'debtag',
  all_of => ARRAY['game::strategy', 'network::client', 'uitoolkit::sdl']);
\timing off

\echo '-- An audio program written in Python with GTK, but no player:'
SELECT name FROM m2m_find(NULL::package, 'debtag',
  all_of => ARRAY['works-with::audio', 'implemented-in::python', 'uitoolkit::gtk'],
  none_of => 'sound::player');

\echo '-- Two of these three, and the first four of them only:'
SELECT name FROM m2m_find(NULL::package, 'debtag',
  any_of => ARRAY['use::editing', 'use::viewing', 'use::converting'], at_least => 2,
  max_rows => 4);

\echo '-- The same by hand: links of these tags, grouped by package, or a chain of EXISTS.'
SELECT package_name
  FROM package_debtags
 WHERE name IN ('game::strategy', 'network::client', 'uitoolkit::sdl')
 GROUP BY package_name HAVING count(*) = 3 ORDER BY 1;

\echo '-- Which tags are closest to mail::imap? Jaccard: packages with both, of those with either.'
WITH size AS (SELECT debtag_name, count(*) AS n FROM debtag_packages GROUP BY debtag_name)
SELECT other.name AS tag, count(*) AS both,
       round(count(*)::numeric / (a.n + b.n - count(*)), 2) AS closeness
  FROM debtag_packages mine
  JOIN package_debtags other ON other.package_name = mine.name AND other.name <> mine.debtag_name
  JOIN size a ON a.debtag_name = mine.debtag_name
  JOIN size b ON b.debtag_name = other.name
 WHERE mine.debtag_name = 'mail::imap'
 GROUP BY other.name, a.n, b.n ORDER BY closeness DESC, tag LIMIT 6;

\echo '-- You know mutt. What else might you like? Packages most alike, by the tags that both have.'
\timing on
SELECT (r."row").name AS package, shared, round(jaccard::numeric, 2) AS closeness
  FROM m2m_related(NULL::package, 'mutt', 'debtag', max_rows => 6) r;
\timing off

\echo '-- And which tags are used most?'
SELECT (c."row").name AS tag, links AS packages
  FROM m2m_counts(NULL::debtag, 'package') c ORDER BY links DESC, tag LIMIT 5;

\echo '-- A package with its tags, as a web page would want it:'
SELECT jsonb_pretty(m2m_json('package', '3dchess'));

\echo '-- A maintainer tags a package anew. What changed?'
SELECT * FROM m2m_set('package', 'vim', 'debtag',
  ARRAY(SELECT name FROM package_debtags WHERE package_name = 'vim' AND name <> 'scope::application')
  || '{use::text-formatting,works-with::software:source}'::text[]);

\echo '-- A tag that does not exist yet is made on the way, once, whoever else makes it just now.'
SELECT m2m_link('package', 'vim', 'debtag', ARRAY['use::editing', 'use::reading-news'],
  by => 'name', create_missing => true) AS linked;
SELECT name FROM debtag WHERE name = 'use::reading-news';
SELECT m2m_unlink('package', 'vim', 'debtag', 'use::reading-news') AS unlinked;

\echo '-- The database''s word for it: do the views and the join by hand differ anywhere?'
SELECT count(*) AS differences FROM (
  (TABLE package_debtags
    EXCEPT ALL
   SELECT l.package_name, d.name FROM package_debtag l JOIN debtag d ON d.name = l.debtag_name)
  UNION ALL
  (TABLE debtag_packages
    EXCEPT ALL
   SELECT l.debtag_name, p.name FROM package_debtag l JOIN package p ON p.name = l.package_name)) AS d;
