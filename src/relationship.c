/*
 * relationship.c
 *		Finds the relationship that a call means, and keeps descriptions of
 *		relationships for this backend, with their invalidation.
 *
 * Two hash tables.  `descriptions` maps an association to its description,
 * plans and coercions included.  `lookups` maps what a caller says (two
 * tables, via, role, user) to an association, or to none.
 *
 * Each entry knows what it was read from, and holds until some of that
 * changes: a change elsewhere, such as a temporary table of somebody's, costs
 * nothing however many relationships there are.  A callback must neither fail
 * nor look at a catalog, and should not walk what may be thousands of entries;
 * so it only notes when what changed, in an array of fixed size, and whoever
 * wants to use an entry compares.  (As in ri_triggers.c an entry is marked,
 * not freed, and counts as read no later than before the reading began.)
 *
 * What a description is read from: its association, both endpoints, and all
 * views that read the association, link views or not, since a trigger can
 * make one of them a link view.  Where one of its link views is lost, any new
 * view may be that.  A lookup: both of its tables, and of each relationship
 * that it had to look at the same; and any new view.  A new foreign key
 * changes both tables that it connects, but a new view changes only itself:
 * therefore every change of pg_rewrite counts as a new view.  Temporary
 * tables, ANALYZE and the like make none.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "m2m.h"

/* Longest via that is worth remembering: two quoted identifiers and a dot. */
#define VIA_LENGTH (2 * NAMEDATALEN + 8)

/* More are not kept: of descriptions when a transaction is over. */
#define MAX_DESCRIPTIONS 1024
#define MAX_LOOKUPS 1024

/* Relations whose OIDs have this remainder share a place in `changed`. */
#define CHANGED_SIZE 16384

/*
 * What an entry was read from.  It holds while none of that has changed after
 * the reading began.
 */
struct M2mSources
{
	uint64		read_at;
	uint64		checked_at;		/* it still held */
	bool		any_view;		/* also of any new view */
	int			nrelids;
	Oid			relid[FLEXIBLE_ARRAY_MEMBER];
};

typedef struct LookupKey
{
	Oid			first;
	Oid			second;
	Oid			userid;
	char		via[VIA_LENGTH];
	char		role[NAMEDATALEN];
} LookupKey;

typedef struct LookupEntry
{
	LookupKey	key;			/* hash key, must be first */
	Oid			association;	/* InvalidOid: none */
	M2mSide		first_side;
	M2mSources *sources;
} LookupEntry;

typedef struct DescriptionKey
{
	Oid			association;
	Oid			trusted_view;
} DescriptionKey;

typedef struct DescriptionEntry
{
	DescriptionKey key;			/* hash key, must be first */
	M2mRelationship *rel;		/* NULL: to be read */
	dlist_node	node;			/* in `by_use` */
} DescriptionEntry;

static HTAB *lookups = NULL;
static HTAB *descriptions = NULL;

/* Entries of `descriptions`, the one used last at the head. */
static dlist_head by_use = DLIST_STATIC_INIT(by_use);

/*
 * Counts changes of anything that something of ours may have been read from,
 * and when, by this count, what changed last.
 */
static uint64 changes = 1;
static uint64 changed[CHANGED_SIZE];	/* a relation, by its OID */
static uint64 changed_views = 0;	/* pg_rewrite */
static uint64 changed_all = 0;

/* Of this database's entry in pg_database, as callbacks are told. */
static uint32 database_hash = 0;

/* Descriptions and plans replaced in this transaction: freed when it ends. */
static List *retired = NIL;
static List *retired_plans = NIL;

static void create_tables(void);
static M2mSources *make_sources(MemoryContext context, uint64 read_at,
								bool any_view, List *relids);
static bool is_current(M2mSources *sources);
static M2mRelationship *get_description(Oid association, Oid trusted_view,
										List **sources);
static M2mRelationship *describe(Oid association);
static void retire(M2mRelationship *rel);
static void free_unused(XactEvent event, void *arg);
static void free_description(M2mRelationship *rel);
static bool make_lookup_key(LookupKey *key, Oid first, Oid second,
							const char *via, const char *role);
static Oid	lookup(Oid first, Oid second, const char *via, const char *role,
				   bool missing_ok, M2mSide *first_side);
static Oid	search(Oid first, Oid second, const char *via, const char *role,
				   bool missing_ok, M2mSide *first_side,
				   bool *depends_on_path, List **sources);
static void keep_lookup(LookupKey *key, Oid association, M2mSide first_side,
						uint64 read_at, List *sources);
static List *find_candidates(Oid first, Oid second, List **sources);
static bool relates(M2mRelationship *rel, Oid first, Oid second);
static bool is_named(M2mRelationship *rel, const char *via, bool qualified);
static bool is_trusted(M2mRelationship *rel);
static bool first_plays(M2mRelationship *rel, Oid first, const char *role,
						M2mSide *side);
pg_noreturn static void report_none(Oid first, Oid second, const char *via,
									const char *role, List *candidates,
									List *named);
pg_noreturn static void report_several(Oid first, Oid second, List *found);
static char *list_associations(List *associations);
static char *list_roles(List *associations);
static void relation_changed(Datum arg, Oid relid);
static void view_changed(Datum arg, int cacheid, uint32 hashvalue);
static void catalog_changed(Datum arg, int cacheid, uint32 hashvalue);
static void roles_changed(Datum arg, int cacheid, uint32 hashvalue);
static void database_changed(Datum arg, int cacheid, uint32 hashvalue);

/*
 * m2m_relationship_init: registers the callbacks.  Called once, at load.
 */
void
m2m_relationship_init(void)
{
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(RULERELNAME, view_changed, (Datum) 0);

	/* names in kept statements, casts and domains in kept coercions */
	CacheRegisterSyscacheCallback(NAMESPACEOID, catalog_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(CASTSOURCETARGET, catalog_changed,
								  (Datum) 0);
	/* whom a caller trusts */
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, roles_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, roles_changed, (Datum) 0);
	/* the database's owner is a member of pg_database_owner */
	CacheRegisterSyscacheCallback(DATABASEOID, database_changed, (Datum) 0);
	RegisterXactCallback(free_unused, NULL);
}

/*
 * m2m_relationship_find: the relationship between two endpoints that a call
 * means, locked in lockmode against changes of its association.
 *
 * via narrows the choice to an association's name, role to the relationships
 * in which the first endpoint plays it.  An unqualified via that no trusted
 * relationship has means another that the search_path shows.  *first_side
 * becomes the side of the first endpoint; in a self-relationship the left one
 * unless role says otherwise.
 *
 * Returns NULL if there is none and missing_ok; a via or role that fits none
 * is an error all the same, so that a typing error never creates anything.
 * Errors: 42704 none, 42P08 several.
 */
M2mRelationship *
m2m_relationship_find(Oid first, Oid second, const char *via,
					  const char *role, LOCKMODE lockmode, bool missing_ok,
					  M2mSide *first_side)
{
	Oid			association;

	*first_side = M2M_LEFT;
	association = lookup(first, second, via, role, missing_ok, first_side);
	while (OidIsValid(association))
	{
		Oid			found = association;
		uint64		before = changes;
		M2mRelationship *rel;

		rel = m2m_relationship_get(association, InvalidOid, lockmode);
		if (before == changes && rel != NULL)
			return rel;

		/* something changed while we waited for the lock: is it this still? */
		association = lookup(first, second, via, role, missing_ok,
							 first_side);
		if (association == found && rel != NULL)
			return rel;
		CHECK_FOR_INTERRUPTS();
	}
	return NULL;
}

/*
 * lookup: search(), remembered as long as nothing that it looked at changes.
 */
static Oid
lookup(Oid first, Oid second, const char *via, const char *role,
	   bool missing_ok, M2mSide *first_side)
{
	LookupKey	key;
	bool		cacheable = make_lookup_key(&key, first, second, via, role);
	LookupEntry *entry = NULL;
	List	   *sources;
	Oid			association;
	uint64		before;
	bool		depends_on_path;

	create_tables();
	if (cacheable)
		entry = hash_search(lookups, &key, HASH_FIND, NULL);
	if (entry != NULL && is_current(entry->sources) &&
		(OidIsValid(entry->association) || missing_ok))
	{
		*first_side = entry->first_side;
		return entry->association;
	}

	before = changes;
	sources = list_make2_oid(first, second);
	association = search(first, second, via, role, missing_ok, first_side,
						 &depends_on_path, &sources);
	if (cacheable && !depends_on_path)
		keep_lookup(&key, association, *first_side, before, sources);
	list_free(sources);
	return association;
}

/*
 * keep_lookup: remembers an answer.  Where there are many they are forgotten
 * all at once: to search again is cheap.
 */
static void
keep_lookup(LookupKey *key, Oid association, M2mSide first_side,
			uint64 read_at, List *sources)
{
	M2mSources *kept = make_sources(CacheMemoryContext, read_at, true,
									sources);
	LookupEntry *entry;
	bool		found;

	if (hash_get_num_entries(lookups) >= MAX_LOOKUPS)
	{
		HASH_SEQ_STATUS status;

		hash_seq_init(&status, lookups);
		while ((entry = hash_seq_search(&status)) != NULL)
		{
			pfree(entry->sources);
			hash_search(lookups, &entry->key, HASH_REMOVE, NULL);
		}
	}
	entry = hash_search(lookups, key, HASH_ENTER, &found);
	if (found)
		pfree(entry->sources);
	entry->association = association;
	entry->first_side = first_side;
	entry->sources = kept;
}

/*
 * m2m_relationship_get: the description of an association's relationship,
 * with the association locked in lockmode; NULL if it has none.
 * trusted_view: see m2m_catalog_read_relationship.
 */
M2mRelationship *
m2m_relationship_get(Oid association, Oid trusted_view, LOCKMODE lockmode)
{
	create_tables();
	if (lockmode != NoLock)
		LockRelationOid(association, lockmode);
	return get_description(association, trusted_view, NULL);
}

/*
 * m2m_relationship_current: does a description say how its tables are now?
 * For who has locked them since he got it, and so has heard of all changes.
 */
bool
m2m_relationship_current(M2mRelationship *rel)
{
	return is_current(rel->sources);
}

/*
 * m2m_relationship_refresh: the description as it is now, after SQL of the
 * caller's has run that may have changed the very tables.  The caller holds a
 * lock on the association.  Error 55000 if ids that were read by the old
 * description are no longer keys by the new.
 */
M2mRelationship *
m2m_relationship_refresh(M2mRelationship *rel)
{
	M2mRelationship *now = m2m_relationship_get(rel->association,
												rel->trusted_view, NoLock);
	bool		same = now != NULL &&
		now->pair_desc->natts == rel->pair_desc->natts;

	for (int s = M2M_LEFT; same && s <= M2M_RIGHT; s++)
		same = now->side[s].relid == rel->side[s].relid &&
			now->side[s].nkeys == rel->side[s].nkeys;
	for (int i = 0; same && i < now->pair_desc->natts; i++)
		same = TupleDescAttr(now->pair_desc, i)->atttypid ==
			TupleDescAttr(rel->pair_desc, i)->atttypid;
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("relationship changed while ids were read to be linked")));
	return now;
}

/*
 * m2m_relationship_changed: tells this and all other backends, when the
 * transaction commits, to read the relationship anew.
 */
void
m2m_relationship_changed(Oid association)
{
	CacheInvalidateRelcacheByRelid(association);
	CommandCounterIncrement();
}

/*
 * create_tables: makes the hash tables on first use.
 */
static void
create_tables(void)
{
	HASHCTL		control;

	if (lookups != NULL)
		return;
	database_hash = GetSysCacheHashValue1(DATABASEOID,
										  ObjectIdGetDatum(MyDatabaseId));
	memset(&control, 0, sizeof(control));
	control.keysize = sizeof(DescriptionKey);
	control.entrysize = sizeof(DescriptionEntry);
	descriptions = hash_create("m2m relationships", 16, &control,
							   HASH_ELEM | HASH_BLOBS);
	control.keysize = sizeof(LookupKey);
	control.entrysize = sizeof(LookupEntry);
	lookups = hash_create("m2m lookups", 32, &control,
						  HASH_ELEM | HASH_BLOBS);
}

/*
 * make_sources: what an entry was read from, each relation once.
 */
static M2mSources *
make_sources(MemoryContext context, uint64 read_at, bool any_view,
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
 * is_current: has nothing changed that an entry was read from?  Perhaps false
 * for a change of another relation, never true after one of these.
 */
static bool
is_current(M2mSources *sources)
{
	if (sources->checked_at == changes)
		return true;
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
 * get_description: the cached description, read if there is none that holds.
 * If something changes while it is being read, it serves this call, which is
 * as old as what was read, but no other.  To *sources is added what it was
 * read from, also where the answer is NULL: there is no relationship.
 */
static M2mRelationship *
get_description(Oid association, Oid trusted_view, List **sources)
{
	DescriptionKey key;
	DescriptionEntry *entry;
	M2mRelationship *rel;
	List	   *relids = NIL;
	uint64		before;

	memset(&key, 0, sizeof(key));
	key.association = association;
	key.trusted_view = trusted_view;
	entry = hash_search(descriptions, &key, HASH_FIND, NULL);
	if (entry != NULL && is_current(entry->rel->sources))
	{
		dlist_move_head(&by_use, &entry->node);
		rel = entry->rel;
		for (int i = 0; sources != NULL && i < rel->sources->nrelids; i++)
			*sources = lappend_oid(*sources, rel->sources->relid[i]);
		return rel;
	}
	if (entry != NULL)
	{
		retire(entry->rel);
		dlist_delete(&entry->node);
		hash_search(descriptions, &key, HASH_REMOVE, NULL);
	}

	before = changes;
	rel = m2m_catalog_read_relationship(association, trusted_view, &relids);
	if (rel != NULL)
	{
		rel->sources = make_sources(rel->context, before,
									!OidIsValid(rel->side[M2M_LEFT].view) ||
									!OidIsValid(rel->side[M2M_RIGHT].view),
									relids);
		entry = hash_search(descriptions, &key, HASH_ENTER, NULL);
		MemoryContextSetParent(rel->context, CacheMemoryContext);
		entry->rel = rel;
		dlist_push_head(&by_use, &entry->node);
	}
	if (sources != NULL)
		*sources = list_concat(*sources, relids);
	list_free(relids);
	return rel;
}

/* describe: the same of a relationship as its association describes it. */
static M2mRelationship *
describe(Oid association)
{
	return get_description(association, InvalidOid, NULL);
}

/*
 * retire: puts an invalid description aside.  A call further up the stack may
 * still be using it, so it is freed when the transaction is over.
 */
static void
retire(M2mRelationship *rel)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	retired = lappend(retired, rel);
	MemoryContextSwitchTo(old);
}

/*
 * m2m_plan_retire: the same with a kept plan: a call further up the stack, whose
 * trigger has called us, may be executing it.
 */
void
m2m_plan_retire(SPIPlanPtr plan)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	retired_plans = lappend(retired_plans, plan);
	MemoryContextSwitchTo(old);
}

/*
 * free_unused: transaction callback; no call of ours can be running here.
 * Frees what was replaced in the transaction and, of more descriptions than
 * are kept, those that were not used for the longest time.
 */
static void
free_unused(XactEvent event, void *arg)
{
	ListCell   *lc;

	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT)
		return;
	foreach(lc, retired)
		free_description(lfirst(lc));
	list_free(retired);
	retired = NIL;
	foreach(lc, retired_plans)
		SPI_freeplan(lfirst(lc));
	list_free(retired_plans);
	retired_plans = NIL;
	while (descriptions != NULL &&
		   hash_get_num_entries(descriptions) > MAX_DESCRIPTIONS)
	{
		DescriptionEntry *entry = dlist_tail_element(DescriptionEntry, node,
													 &by_use);

		dlist_delete(&entry->node);
		free_description(entry->rel);
		hash_search(descriptions, &entry->key, HASH_REMOVE, NULL);
	}
}

/* free_description: with what others have hung on it. */
static void
free_description(M2mRelationship *rel)
{
	m2m_plans_free(rel);
	MemoryContextDelete(rel->context);
}

/*
 * make_lookup_key: false if via or role are too long to be remembered.
 */
static bool
make_lookup_key(LookupKey *key, Oid first, Oid second,
				const char *via, const char *role)
{
	memset(key, 0, sizeof(*key));
	key->first = first;
	key->second = second;
	key->userid = GetUserId();
	if (via != NULL)
	{
		if (via[0] == '\0' || strlen(via) >= VIA_LENGTH)
			return false;
		strcpy(key->via, via);
	}
	if (role != NULL)
	{
		if (role[0] == '\0' || strlen(role) >= NAMEDATALEN)
			return false;
		strcpy(key->role, role);
	}
	return true;
}

/*
 * search: the association that a call means, by the rules given at
 * m2m_relationship_find; InvalidOid for none.  *depends_on_path: with another
 * search_path the answer may be another.  To *sources is added what it was
 * read from, beside the two tables.
 */
static Oid
search(Oid first, Oid second, const char *via, const char *role,
	   bool missing_ok, M2mSide *first_side, bool *depends_on_path,
	   List **sources)
{
	List	   *candidates = find_candidates(first, second, sources);
	List	   *named = NIL;
	List	   *found = NIL;
	ListCell   *lc;

	/* an unqualified via means one that counts anyway, if there is one */
	foreach(lc, candidates)
	{
		M2mRelationship *rel = describe(lfirst_oid(lc));

		if (rel != NULL && is_trusted(rel) &&
			(via == NULL || is_named(rel, via, false)))
			named = lappend_oid(named, rel->association);
	}
	*depends_on_path = via != NULL && named == NIL;
	foreach(lc, candidates)
	{
		M2mRelationship *rel = describe(lfirst_oid(lc));

		if (rel != NULL && via != NULL &&
			(is_named(rel, via, true) ||
			 (*depends_on_path && is_named(rel, via, false) &&
			  RelationIsVisible(rel->association))))
			named = list_append_unique_oid(named, rel->association);
	}
	foreach(lc, named)
	{
		M2mRelationship *rel = describe(lfirst_oid(lc));
		M2mSide		side;

		if (rel == NULL || !first_plays(rel, first, role, &side))
			continue;
		found = lappend_oid(found, rel->association);
		*first_side = side;
	}

	if (list_length(found) == 1)
		return linitial_oid(found);
	if (list_length(found) > 1)
		report_several(first, second, found);
	if (!missing_ok || via != NULL || role != NULL)
		report_none(first, second, via, role, candidates, named);
	return InvalidOid;
}

/*
 * find_candidates: associations of all relationships between two tables.  To
 * *sources is added what this was read from, beside the two tables.
 */
static List *
find_candidates(Oid first, Oid second, List **sources)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, m2m_catalog_associations_between(first, second, sources))
	{
		M2mRelationship *rel = get_description(lfirst_oid(lc), InvalidOid,
											   sources);

		if (rel != NULL && relates(rel, first, second))
			result = lappend_oid(result, rel->association);
		CHECK_FOR_INTERRUPTS();
	}
	return result;
}

/* relates: are these its two endpoints, in either order? */
static bool
relates(M2mRelationship *rel, Oid first, Oid second)
{
	return (rel->side[M2M_LEFT].relid == first &&
			rel->side[M2M_RIGHT].relid == second) ||
		(rel->side[M2M_LEFT].relid == second &&
		 rel->side[M2M_RIGHT].relid == first);
}

/*
 * is_named: is via the association's name, qualified or not as asked?  As SQL
 * would spell it, or the bare name letter by letter.
 */
static bool
is_named(M2mRelationship *rel, const char *via, bool qualified)
{
	char	   *name = get_rel_name(rel->association);
	char	   *schema;
	List	   *names;

	if (name == NULL)
		return false;
	if (!qualified && strcmp(name, via) == 0)
		return true;
	if (!SplitIdentifierString(pstrdup(via), '.', &names) || names == NIL ||
		strcmp(llast(names), name) != 0)
		return false;
	if (!qualified)
		return list_length(names) == 1;
	schema = get_namespace_name(get_rel_namespace(rel->association));
	return list_length(names) == 2 && schema != NULL &&
		strcmp(linitial(names), schema) == 0;
}

/*
 * is_trusted: does the relationship count for a caller who did not name it?
 * Only if its association belongs to a superuser, to the owner of both
 * endpoints, or to a role that the caller is a member of.  Anybody with
 * REFERENCES can make a relationship between two tables; without this rule
 * his triggers on his association would run in other people's calls.
 */
static bool
is_trusted(M2mRelationship *rel)
{
	Oid			owner = m2m_catalog_relation_owner(rel->association);
	Oid			left = m2m_catalog_relation_owner(rel->side[M2M_LEFT].relid);
	Oid			right = m2m_catalog_relation_owner(rel->side[M2M_RIGHT].relid);

	if (!OidIsValid(owner))
		return false;
	return superuser_arg(owner) ||
		(owner == left && owner == right) ||
		is_member_of_role_nosuper(GetUserId(), owner);
}

/*
 * first_plays: can the first endpoint play the role, and from which side?
 */
static bool
first_plays(M2mRelationship *rel, Oid first, const char *role, M2mSide *side)
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (rel->side[s].relid == first &&
			(role == NULL || strcmp(rel->side[s].role, role) == 0))
		{
			*side = s;
			return true;
		}
	}
	return false;
}

/*
 * report_none: there is no relationship that the call can mean.
 */
static void
report_none(Oid first, Oid second, const char *via, const char *role,
			List *candidates, List *named)
{
	const char *first_name = get_rel_name(first);
	const char *second_name = get_rel_name(second);

	if (role != NULL && named != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("table \"%s\" has no role \"%s\" in a relationship with \"%s\"",
						first_name, role, second_name),
				 errdetail("Relationships and their roles: %s.",
						   list_roles(named))));
	if (via != NULL && candidates != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("no relationship \"%s\" between \"%s\" and \"%s\"",
						via, first_name, second_name),
				 errhint("There is: %s.", list_associations(candidates))));
	if (candidates != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("no relationship between \"%s\" and \"%s\" that may be used unnamed",
						first_name, second_name),
				 errdetail("These belong neither to a superuser, nor to the owner of both tables, nor to a role of yours: %s.",
						   list_associations(candidates)),
				 errhint("Name the association by the argument \"via\".")));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 via != NULL ?
			 errmsg("no relationship \"%s\" between \"%s\" and \"%s\"",
					via, first_name, second_name) :
			 errmsg("no relationship between \"%s\" and \"%s\"",
					first_name, second_name),
			 errhint("Create one with m2m_create(%s, %s).",
					 quote_literal_cstr(m2m_qualified_name(first)),
					 quote_literal_cstr(m2m_qualified_name(second)))));
}

/*
 * report_several: the call could mean more than one relationship.
 */
static void
report_several(Oid first, Oid second, List *found)
{
	ereport(ERROR,
			(errcode(ERRCODE_AMBIGUOUS_PARAMETER),
			 errmsg("several relationships between \"%s\" and \"%s\"",
					get_rel_name(first), get_rel_name(second)),
			 errdetail("Candidates: %s.", list_associations(found)),
			 errhint("Name the association by the argument \"via\".")));
}

/* list_associations: "a, b" of associations, for messages. */
static char *
list_associations(List *associations)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, associations)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "",
						 m2m_qualified_name(lfirst_oid(lc)));
	return buf.data;
}

/* list_roles: "a (author, book), ..." of associations, for messages. */
static char *
list_roles(List *associations)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, associations)
	{
		M2mRelationship *rel = describe(lfirst_oid(lc));

		if (rel != NULL)
			appendStringInfo(&buf, "%s%s (\"%s\", \"%s\")",
							 buf.len > 0 ? ", " : "",
							 m2m_qualified_name(rel->association),
							 rel->side[M2M_LEFT].role,
							 rel->side[M2M_RIGHT].role);
	}
	return buf.data;
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
