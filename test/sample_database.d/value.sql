-- The n-th value of a type, NULL if we know none
CREATE FUNCTION pg_temp.value(type oid, typmod int, n int) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	t pg_type;
BEGIN
	SELECT * INTO t FROM pg_type WHERE oid = type;
	IF t.typtype = 'd' THEN
		RETURN pg_temp.value(t.typbasetype, t.typtypmod, n);
	ELSIF t.typtype = 'e' THEN
		RETURN (SELECT enumlabel FROM pg_enum WHERE enumtypid = type ORDER BY enumsortorder LIMIT 1);
	ELSIF t.typtype = 'r' THEN
		RETURN 'empty';
	END IF;
	RETURN CASE
		WHEN t.typcategory = 'N' THEN n::text
		WHEN t.typcategory = 'B' THEN 'true'
		-- one character where there is room for no more
		WHEN t.typcategory = 'S' THEN CASE WHEN typmod BETWEEN 4 AND 7 THEN chr(96 + n) ELSE 'row ' || n END
		WHEN t.typname = 'time' THEN '12:00'
		WHEN t.typcategory = 'D' THEN ('2020-01-01'::date + n)::text
		WHEN t.typcategory = 'T' THEN n || ' days'
		WHEN t.typcategory = 'A' THEN '{}'
		WHEN t.typcategory = 'I' THEN '10.0.0.' || n
		WHEN t.typname = 'uuid' THEN lpad(n::text, 32, '0')
		WHEN t.typname IN ('json', 'jsonb') THEN '{}'
		WHEN t.typname = 'bytea' THEN '\x' || lpad(n::text, 2, '0')
		WHEN t.typname = 'xml' THEN '<row/>'
		WHEN t.typname = 'tsvector' THEN 'row'
		WHEN t.typcategory = 'V' THEN repeat('1', greatest(typmod, 1))
		WHEN t.typname = 'point' THEN format('(%s,%s)', n, n)
	END;
END $$;
