-- What m2m sees of Citus: its catalog of tables, the relcache invalidation of a
-- table that is taken or given back, a table replaced by DROP ... CASCADE
-- inside a command, and an event trigger that comes first and forgets dropped
-- tables. Rows stay where they are. Nobody but the superuser may read the
-- catalog here, which is more than Citus asks for.
SET LOCAL allow_system_table_mods = on;

CREATE TABLE pg_catalog.pg_dist_partition (
	logicalrelid regclass NOT NULL,
	partmethod "char" NOT NULL,
	partkey text
);
CREATE UNIQUE INDEX pg_dist_partition_logical_relid_index
	ON pg_catalog.pg_dist_partition (logicalrelid);
REVOKE ALL ON pg_catalog.pg_dist_partition FROM PUBLIC;

-- CacheInvalidateRelcacheByRelid() of a table
CREATE FUNCTION pg_catalog.citus_invalidate(t regclass) RETURNS void LANGUAGE sql AS
	'UPDATE pg_catalog.pg_class SET relname = relname WHERE oid = t';

CREATE FUNCTION pg_catalog.create_distributed_table(t regclass, key text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO pg_catalog.pg_dist_partition VALUES (t, 'h', key);
	PERFORM pg_catalog.citus_invalidate(t);
END $$;

CREATE FUNCTION pg_catalog.create_reference_table(t regclass) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO pg_catalog.pg_dist_partition VALUES (t, 'n', NULL);
	PERFORM pg_catalog.citus_invalidate(t);
END $$;

-- As the caller, whose table it is
CREATE FUNCTION pg_catalog.undistribute_table(t regclass) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	named text;
	schema text;
	fresh text;
BEGIN
	SELECT relname, nspname INTO STRICT named, schema
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = t;
	fresh := named || '_' || t::oid;
	EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING ALL)', schema, fresh, t);
	EXECUTE format('INSERT INTO %I.%I SELECT * FROM %s', schema, fresh, t);
	EXECUTE format('DROP TABLE %s CASCADE', t);
	EXECUTE format('ALTER TABLE %I.%I RENAME TO %I', schema, fresh, named);
END $$;

CREATE FUNCTION pg_catalog.citus_drop_trigger() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM pg_catalog.pg_dist_partition p USING pg_event_trigger_dropped_objects() d
	WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0 AND p.logicalrelid = d.objid;
END $$;

CREATE EVENT TRIGGER citus_cascade_to_partition ON sql_drop
	EXECUTE FUNCTION pg_catalog.citus_drop_trigger();
