/*
 * relationship_sources.c
 *		What a cache entry was read from, and whether it still holds.
 *
 * Each entry of relationship.c and relationship_find.c knows what it was read
 * from, and holds until some of that changes: a change elsewhere, such as a
 * temporary table of somebody's, costs nothing however many relationships
 * there are.  A callback must neither fail nor look at a catalog, and should
 * not walk what may be thousands of entries; so it only notes when what
 * changed, in an array of fixed size, and whoever wants to use an entry
 * compares.  (As in ri_triggers.c an entry is marked, not freed, and counts as
 * read no later than before the reading began.)
 *
 * A new foreign key changes both tables that it connects, but a new view
 * changes only itself: therefore every change of pg_rewrite counts as a new
 * view.  Temporary tables, ANALYZE and the like make none.
 *
 * A type has another name, schema or default, or is NOT NULL all of a sudden,
 * and tells nobody who has a column of it; but whoever makes a table makes two
 * types, too.  So only those count, and whatever shares a place with them, that
 * columns of a relationship have: `named`.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "m2m.h"
#include "relationship_internal.h"

/* Relations whose OIDs have this remainder share a place in `changed`. */
#define CHANGED_SIZE 16384

/*
 * Counts changes of anything that something of ours may have been read from,
 * and when, by this count, what changed last.
 */
static uint64 changes = 1;
static uint64 changed[CHANGED_SIZE];	/* a relation, by its OID */
static uint64 changed_views = 0;	/* pg_rewrite */
static uint64 changed_all = 0;

/* Types whose hash values have this remainder share a place in `named`. */
#define NAMED_SIZE 4096

static bool named[NAMED_SIZE];

/* `changes` when any type was changed last. */
static uint64 changed_types = 0;

/* Of this database's entry in pg_database, as callbacks are told. */
static uint32 database_hash = 0;

static void relation_changed(Datum arg, Oid relid);
static void view_changed(Datum arg, int cacheid, uint32 hashvalue);
static void type_changed(Datum arg, int cacheid, uint32 hashvalue);
static void catalog_changed(Datum arg, int cacheid, uint32 hashvalue);
static void roles_changed(Datum arg, int cacheid, uint32 hashvalue);
static void database_changed(Datum arg, int cacheid, uint32 hashvalue);

/*
 * m2m_sources_init: registers the callbacks.  Called once, at load.
 */
void
m2m_sources_init(void)
{
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(RULERELNAME, view_changed, (Datum) 0);

	/* names in kept statements, what domains say of columns */
	CacheRegisterSyscacheCallback(TYPEOID, type_changed, (Datum) 0);

	/*
	 * More names in these, casts in kept coercions.  These change so seldom
	 * that all is read anew; so it is with roles.
	 */
	CacheRegisterSyscacheCallback(NAMESPACEOID, catalog_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(OPEROID, catalog_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(COLLOID, catalog_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(CASTSOURCETARGET, catalog_changed,
								  (Datum) 0);
	/* whom a caller trusts */
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, roles_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, roles_changed, (Datum) 0);
	/* the database's owner is a member of pg_database_owner */
	CacheRegisterSyscacheCallback(DATABASEOID, database_changed, (Datum) 0);
}

/*
 * m2m_sources_now: as of when what is going to be read counts as read.
 */
uint64
m2m_sources_now(void)
{
	/*
	 * Looked up here, since a callback may look at no catalog.  Nothing was
	 * read before the first call, so what the callback has missed until then
	 * has made nothing wrong.
	 */
	if (database_hash == 0)
		database_hash = GetSysCacheHashValue1(DATABASEOID,
											  ObjectIdGetDatum(MyDatabaseId));
	return changes;
}

/*
 * m2m_sources_make: what an entry was read from since read_at
 * (m2m_sources_now()), each relation once, in the given context.  With
 * any_view, it was read from all views that there are.
 */
M2mSources *
m2m_sources_make(MemoryContext context, uint64 read_at, bool any_view,
				 List *relids)
{
	List	   *unique = list_copy(relids);
	M2mSources *sources;
	ListCell   *lc;

	list_sort(unique, list_oid_cmp);
	list_deduplicate_oid(unique);
	sources = MemoryContextAlloc(context, offsetof(M2mSources, relid) +
								 list_length(unique) * sizeof(Oid));
	sources->read_at = sources->checked_at = read_at;
	sources->any_view = any_view;
	sources->nrelids = 0;
	foreach(lc, unique)
		sources->relid[sources->nrelids++] = lfirst_oid(lc);
	list_free(unique);
	return sources;
}

/*
 * m2m_sources_name_types: from now on a change of one of these types counts as one
 * of everything; and so does one since read_at of which nobody knew yet that it
 * would.
 */
void
m2m_sources_name_types(uint64 read_at, List *types)
{
	bool		added = false;
	ListCell   *lc;

	foreach(lc, types)
	{
		uint32		hash = GetSysCacheHashValue1(TYPEOID,
												 ObjectIdGetDatum(lfirst_oid(lc)));

		added |= !named[hash % NAMED_SIZE];
		named[hash % NAMED_SIZE] = true;
	}
	if (added && changed_types >= read_at)
		relation_changed((Datum) 0, InvalidOid);
}

/*
 * m2m_sources_current: has nothing changed that an entry was read from?
 * Perhaps false for a change of another relation, never true after one of
 * these.
 */
bool
m2m_sources_current(M2mSources *sources)
{
	/* nearly always nothing at all has changed */
	if (sources->checked_at == changes)
		return true;

	/*
	 * "After" is by the count, which every change moves on by one and takes:
	 * one that came before the reading began is not greater than read_at, any
	 * since is.  Relations that share a place stand for each other, which
	 * costs a reading; a change is never lost.
	 */
	if (changed_all > sources->read_at ||
		(sources->any_view && changed_views > sources->read_at))
		return false;
	for (int i = 0; i < sources->nrelids; i++)
	{
		if (changed[sources->relid[i] % CHANGED_SIZE] > sources->read_at)
			return false;
	}
	sources->checked_at = changes;
	return true;
}

/*
 * relation_changed: relcache callback; relid 0 means all.
 */
static void
relation_changed(Datum arg, Oid relid)
{
	changes++;
	if (OidIsValid(relid))
		changed[relid % CHANGED_SIZE] = changes;
	else
		changed_all = changes;
}

/*
 * view_changed: there may be a new view.
 */
static void
view_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	changes++;
	changed_views = changes;
}

/*
 * type_changed: a type, or (0) all.
 */
static void
type_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	if (hashvalue == 0 || named[hashvalue % NAMED_SIZE])
		relation_changed(arg, InvalidOid);
	changed_types = changes;
}

/*
 * catalog_changed: something that kept statements or coercions name.
 */
static void
catalog_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	relation_changed(arg, InvalidOid);
}

/*
 * roles_changed: who trusts whom, and so who may do what, may have changed.
 */
static void
roles_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	relation_changed(arg, InvalidOid);
}

/*
 * database_changed: this database may have another owner.
 */
static void
database_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	if (hashvalue == 0 || hashvalue == database_hash)
		relation_changed(arg, InvalidOid);
}
