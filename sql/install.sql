--
-- A new extension: what CREATE EXTENSION m2m brings
--
\set SHOW_CONTEXT never
CREATE EXTENSION m2m;

-- What belongs to it
CREATE TEMPORARY VIEW member AS
    SELECT d.classid, d.objid,
           pg_describe_object(d.classid, d.objid, d.objsubid) AS object
    FROM pg_depend d
    WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'm2m');

-- Its functions.  An id may be of any type: what is typed finds "any", what is
-- not (a literal, most drivers' parameters) finds text; hence the overloads.
SELECT p.oid::regprocedure AS function,
       pg_get_function_result(p.oid) AS returns
FROM member m JOIN pg_proc p ON p.oid = m.objid AND m.classid = 'pg_proc'::regclass
ORDER BY p.oid::regprocedure::text COLLATE "C";

-- Their arguments by name: callers may use the names, and leave out what has a
-- default.  One row for each function, as overloads do not differ in this.
SELECT DISTINCT p.proname AS function, a.names AS arguments
FROM member m JOIN pg_proc p ON p.oid = m.objid AND m.classid = 'pg_proc'::regclass
     CROSS JOIN LATERAL (
        SELECT string_agg(coalesce(name, '?') ||
                          CASE WHEN n > p.pronargs - p.pronargdefaults
                               THEN ' = …' ELSE '' END, ', ' ORDER BY n)
        FROM unnest(p.proargnames[1:p.pronargs]) WITH ORDINALITY u (name, n)) a (names)
WHERE p.pronargs > 0
ORDER BY function;

-- Those that write are volatile and stay out of parallel workers; those that
-- only look are stable.  None runs with another's rights.
SELECT p.proname AS function, count(*) AS overloads,
       string_agg(DISTINCT CASE p.provolatile WHEN 'v' THEN 'volatile'
                           WHEN 's' THEN 'stable' END, ', ') AS volatility,
       string_agg(DISTINCT CASE p.proparallel WHEN 'u' THEN 'unsafe'
                           WHEN 'r' THEN 'restricted' WHEN 's' THEN 'safe' END, ', ') AS parallel,
       string_agg(DISTINCT p.prosrc, ', ') AS c_function,
       bool_or(p.prosecdef) AS security_definer
FROM member m JOIN pg_proc p ON p.oid = m.objid AND m.classid = 'pg_proc'::regclass
GROUP BY p.proname
ORDER BY p.proname;

-- Everything else: no table and no view, on which tools that list, reflect or
-- drop those would trip
SELECT object FROM member WHERE classid NOT IN ('pg_proc'::regclass, 'pg_type'::regclass) ORDER BY 1;

-- Whatever has no comment: nothing
SELECT object AS uncommented FROM member
WHERE classid <> 'pg_type'::regclass AND coalesce(obj_description(objid, classid::regclass::name), '') = '';

-- Anybody may call the functions: it is for what they do
-- that the caller needs privileges
SELECT object AS not_for_everybody FROM member
WHERE classid = 'pg_proc'::regclass AND NOT has_function_privilege('public', objid, 'EXECUTE');

-- There is no relationship as yet
SELECT association, left_table, right_table FROM m2m_relationships();

-- The settings
SELECT name, setting, context, short_desc
FROM pg_settings WHERE name LIKE 'm2m.%' ORDER BY name;
-- A typing error does not pass for a setting
SET m2m.auto_craete = off;

-- It can live in any schema
CREATE SCHEMA m2m_elsewhere;
ALTER EXTENSION m2m SET SCHEMA m2m_elsewhere;
SELECT count(*) FROM m2m_elsewhere.m2m_relationships();
ALTER EXTENSION m2m SET SCHEMA public;
DROP SCHEMA m2m_elsewhere;

-- The trigger function is for link views alone
CREATE TABLE no_link_view (a int);
CREATE TRIGGER wrong BEFORE INSERT ON no_link_view
    FOR EACH ROW EXECUTE FUNCTION m2m_link_view_write();
INSERT INTO no_link_view VALUES (1);
CREATE VIEW no_link_view_either AS SELECT * FROM no_link_view;
CREATE TRIGGER wrong INSTEAD OF INSERT ON no_link_view_either
    FOR EACH ROW EXECUTE FUNCTION m2m_link_view_write();
INSERT INTO no_link_view_either VALUES (1);
-- and it makes no relationship of the view that misuses it
SELECT association, left_table, right_table FROM m2m_relationships();
DROP VIEW no_link_view_either;
DROP TABLE no_link_view;
