/*
 * relationship.c
 *		Descriptions of relationships, kept for this backend.
 *
 * A description is read from its association, both endpoints, and all views
 * that read the association, link views or not, since a trigger can make one
 * of them a link view.  Where one of its link views is lost, any new view may
 * be that.  Names of types, operators and collations stand in statements that
 * others keep with it (relationship_sources.c).  Plans, coercions and whatever
 * else others have hung on it go with it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/ilist.h"
#include "nodes/parsenodes.h"
#include "storage/lmgr.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"

#include "catalog.h"
#include "m2m.h"
#include "relationship.h"
#include "relationship_internal.h"

/* More are not kept when a transaction is over. */
#define MAX_DESCRIPTIONS 1024

typedef struct DescriptionKey
{
	Oid			association;
	Oid			trusted_view;
} DescriptionKey;

typedef struct DescriptionEntry
{
	DescriptionKey key;			/* hash key, must be first */
	M2mRelationship *rel;
	dlist_node	node;			/* in `by_use` */
} DescriptionEntry;

static HTAB *descriptions = NULL;

/* Entries of `descriptions`, the one used last at the head. */
static dlist_head by_use = DLIST_STATIC_INIT(by_use);

/* Descriptions replaced in this transaction: freed when it ends. */
static List *retired = NIL;

static void create_table(void);
static void retire(M2mRelationship *rel);
static void free_unused(XactEvent event, void *arg);

/*
 * m2m_relationship_init: registers the callbacks.  Called once, at load.
 */
void
m2m_relationship_init(void)
{
	m2m_sources_init();
	RegisterXactCallback(free_unused, NULL);
}

/*
 * m2m_relationship_get: the description of an association's relationship,
 * with the association locked in lockmode; NULL if it has none.
 * trusted_view: see m2m_catalog_read_relationship.
 *
 * The lock comes first: LockRelationOid() takes in what others have committed,
 * so that the description is not older than the lock, and nothing that locks
 * the association to change it does so as long as that is held.  With NoLock
 * the caller has one, or does without.
 */
M2mRelationship *
m2m_relationship_get(Oid association, Oid trusted_view, LOCKMODE lockmode)
{
	if (lockmode != NoLock)
		LockRelationOid(association, lockmode);
	return m2m_description_get(association, trusted_view, NULL);
}

/*
 * m2m_relationship_current: does a description say how its tables are now?
 * For who has locked them since he got it, and so has heard of all changes.
 * Looks at no catalog, takes no lock and raises no error.
 */
bool
m2m_relationship_current(M2mRelationship *rel)
{
	return m2m_sources_current(rel->sources);
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
		now->pair_desc->natts == rel->pair_desc->natts &&
		now->nshared == rel->nshared;

	/*
	 * The ids are Datums of the old key's types.  To read them as values of
	 * others would be to follow pointers that are none; and as another
	 * table's, or another key's, they would link what nobody meant.  The old
	 * description is still there to compare with: retire() keeps it.
	 */
	for (int s = M2M_LEFT; same && s <= M2M_RIGHT; s++)
	{
		same = now->side[s].relid == rel->side[s].relid &&
			now->side[s].nkeys == rel->side[s].nkeys;
		for (int i = 0; same && i < now->side[s].nkeys; i++)
			same = now->side[s].key[i].attnum == rel->side[s].key[i].attnum &&
				now->side[s].key[i].shared == rel->side[s].key[i].shared;
	}
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
 * transaction commits, to read the relationship anew.  This one reads it anew
 * from the next command on, which begins here.
 */
void
m2m_relationship_changed(Oid association)
{
	CacheInvalidateRelcacheByRelid(association);
	CommandCounterIncrement();
}

/*
 * create_table: makes the hash table on first use.
 */
static void
create_table(void)
{
	HASHCTL		control;

	if (descriptions != NULL)
		return;
	memset(&control, 0, sizeof(control));
	control.keysize = sizeof(DescriptionKey);
	control.entrysize = sizeof(DescriptionEntry);
	descriptions = hash_create("m2m relationships", 16, &control,
							   HASH_ELEM | HASH_BLOBS);
}

/*
 * m2m_description_get: the cached description, read if there is none that
 * holds.  If something changes while it is being read, it serves this call,
 * which is as old as what was read, but no other.  To *sources is added what
 * it was read from, also where the answer is NULL: there is no relationship.
 */
M2mRelationship *
m2m_description_get(Oid association, Oid trusted_view, List **sources)
{
	DescriptionKey key;
	DescriptionEntry *entry;
	M2mRelationship *rel;
	List	   *relids = NIL;
	uint64		before;

	create_table();
	memset(&key, 0, sizeof(key));
	key.association = association;
	key.trusted_view = trusted_view;

	/* asked at each use, as the callbacks only count; see there */
	entry = hash_search(descriptions, &key, HASH_FIND, NULL);
	if (entry != NULL && m2m_sources_current(entry->rel->sources))
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

	/*
	 * Reading takes in messages by itself, whenever it opens a catalog, and
	 * part of it may have been read before what they tell of.  So it counts
	 * as read when it began: the next call reads it once more.
	 *
	 * The entry comes after all that can fail, and its context is below the
	 * caller's until then: an error leaves neither of them.
	 */
	before = m2m_sources_now();
	rel = m2m_catalog_read_relationship(association, trusted_view, &relids);
	if (rel != NULL)
	{
		List	   *types = m2m_catalog_add_types(NIL, association);

		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
			types = m2m_catalog_add_types(types, rel->side[s].relid);
		m2m_sources_name_types(before, types);
		list_free(types);
		rel->sources = m2m_sources_make(rel->context, before,
										m2m_view_is_due(rel, M2M_LEFT) ||
										m2m_view_is_due(rel, M2M_RIGHT),
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
 * free_unused: transaction callback; no call of ours can be running here:
 * functions that SQL calls cannot end a transaction, nor can what they call.
 * Subtransactions free nothing: a call outside may use what one inside it has
 * replaced.  Prepared ones leave it to the transaction that follows.
 *
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
		MemoryContextDelete(((M2mRelationship *) lfirst(lc))->context);
	list_free(retired);
	retired = NIL;
	while (descriptions != NULL &&
		   hash_get_num_entries(descriptions) > MAX_DESCRIPTIONS)
	{
		DescriptionEntry *entry = dlist_tail_element(DescriptionEntry, node,
													 &by_use);

		dlist_delete(&entry->node);
		MemoryContextDelete(entry->rel->context);
		hash_search(descriptions, &entry->key, HASH_REMOVE, NULL);
	}
}
