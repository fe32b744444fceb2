/*
 * relationship_find.c
 *		Which relationship a call means.
 *
 * The answers are kept for this backend: `lookups` maps what a caller says
 * (two tables, via, role, user) to an association, or to none.  An answer is
 * read from both of its tables, and of each relationship that had to be looked
 * at the same; and from any new view.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "catalog.h"
#include "m2m.h"
#include "relationship.h"
#include "relationship_internal.h"
#include "text.h"

/* Longest via that is worth remembering: two quoted identifiers and a dot. */
#define VIA_LENGTH (2 * NAMEDATALEN + 8)

/* More are not kept. */
#define MAX_LOOKUPS 1024

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

static HTAB *lookups = NULL;

/* The one that was asked for last by the two tables alone; NULL: none. */
static LookupEntry *last_lookup = NULL;

static void create_table(void);
static Oid	lookup(Oid first, Oid second, const char *via, const char *role,
				   bool missing_ok, M2mSide *first_side);
static bool is_last_lookup(Oid first, Oid second, const char *via,
						   const char *role);
static bool answers(LookupEntry *entry, bool missing_ok);
static void keep_lookup(LookupKey *key, Oid association, M2mSide first_side,
						uint64 read_at, List *sources);
static bool make_lookup_key(LookupKey *key, Oid first, Oid second,
							const char *via, const char *role);
static Oid	search(Oid first, Oid second, const char *via, const char *role,
				   bool missing_ok, M2mSide *first_side, bool *depends_on_path,
				   List **sources);
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

	/*
	 * Which table to lock is known only after a look that no lock protects;
	 * so the look is made again once it is locked, until nothing has come
	 * between: as RangeVarGetRelidExtended() finds a table by its name.  A
	 * lock on one that it turned out not to be stays, and does no harm.
	 */
	association = lookup(first, second, via, role, missing_ok, first_side);
	while (OidIsValid(association))
	{
		Oid			found = association;
		uint64		before = m2m_sources_now();
		M2mRelationship *rel;

		rel = m2m_relationship_get(association, InvalidOid, lockmode);
		if (before == m2m_sources_now() && rel != NULL)
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
	bool		cacheable;
	LookupEntry *entry = NULL;
	List	   *sources;
	Oid			association;
	uint64		before;
	bool		depends_on_path;

	/* who links rows one by one asks for the same each time */
	if (is_last_lookup(first, second, via, role) &&
		answers(last_lookup, missing_ok))
	{
		*first_side = last_lookup->first_side;
		return last_lookup->association;
	}

	create_table();
	cacheable = make_lookup_key(&key, first, second, via, role);
	if (cacheable)
		entry = hash_search(lookups, &key, HASH_FIND, NULL);
	if (entry != NULL && answers(entry, missing_ok))
	{
		if (via == NULL && role == NULL)
			last_lookup = entry;
		*first_side = entry->first_side;
		return entry->association;
	}

	/*
	 * A new foreign key to one of the tables changes it, so that also "none",
	 * and "only this one", are read from both.  As of before the search: a
	 * change that it takes in on its way must not count as seen.
	 */
	before = m2m_sources_now();
	sources = list_make2_oid(first, second);
	association = search(first, second, via, role, missing_ok, first_side,
						 &depends_on_path, &sources);
	if (cacheable && !depends_on_path)
		keep_lookup(&key, association, *first_side, before, sources);
	list_free(sources);
	return association;
}

/* is_last_lookup: is the key that of the last one?  Compared without hashing. */
static bool
is_last_lookup(Oid first, Oid second, const char *via, const char *role)
{
	return last_lookup != NULL && via == NULL && role == NULL &&
		last_lookup->key.first == first &&
		last_lookup->key.second == second &&
		last_lookup->key.userid == GetUserId();
}

/*
 * answers: does an entry hold, and say what the caller wants to know?  Where
 * "none" is an error, its message takes the search.
 */
static bool
answers(LookupEntry *entry, bool missing_ok)
{
	return m2m_sources_current(entry->sources) &&
		(OidIsValid(entry->association) || missing_ok);
}

/*
 * create_table: makes the hash table on first use.
 */
static void
create_table(void)
{
	HASHCTL		control;

	if (lookups != NULL)
		return;
	memset(&control, 0, sizeof(control));
	control.keysize = sizeof(LookupKey);
	control.entrysize = sizeof(LookupEntry);
	lookups = hash_create("m2m lookups", 32, &control,
						  HASH_ELEM | HASH_BLOBS);
}

/*
 * keep_lookup: remembers an answer.  Where there are many they are forgotten
 * all at once: to search again is cheap.  What can fail for want of memory
 * comes before the entry is filled in, so that none is left half done.
 *
 * Each depends on any new view: a table that relates the two may be there and
 * become an association by a view that changes neither of them.
 */
static void
keep_lookup(LookupKey *key, Oid association, M2mSide first_side,
			uint64 read_at, List *sources)
{
	M2mSources *kept = m2m_sources_make(CacheMemoryContext, read_at, true,
										sources);
	LookupEntry *entry;
	bool		found;

	last_lookup = NULL;
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
 * make_lookup_key: false if via or role are too long to be remembered.
 */
static bool
make_lookup_key(LookupKey *key, Oid first, Oid second,
				const char *via, const char *role)
{
	/*
	 * All bytes count, since the key is hashed as such.  The user is part of
	 * it: whom he trusts differs.  The search_path is not; answers by which
	 * it had a say are not kept.
	 */
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
	bool		by_path;
	ListCell   *lc;

	/* an unqualified via means one that counts anyway, if there is one */
	foreach(lc, candidates)
	{
		M2mRelationship *rel = m2m_description_get(lfirst_oid(lc),
												   InvalidOid, NULL);

		if (rel != NULL && is_trusted(rel) &&
			(via == NULL || is_named(rel, via, false)))
			named = lappend_oid(named, rel->association);
	}

	/*
	 * The search_path comes last: whoever can make a table in a schema of
	 * another's path must not take away a name that means something to him.
	 * Named with its schema it is the caller's own choice, trusted or not.
	 */
	*depends_on_path = false;
	by_path = via != NULL && named == NIL;
	foreach(lc, candidates)
	{
		M2mRelationship *rel = m2m_description_get(lfirst_oid(lc),
												   InvalidOid, NULL);

		if (rel == NULL || via == NULL)
			continue;
		if (is_named(rel, via, true))
			named = list_append_unique_oid(named, rel->association);
		else if (by_path && is_named(rel, via, false))
		{
			*depends_on_path = true;
			if (RelationIsVisible(rel->association))
				named = list_append_unique_oid(named, rel->association);
		}
	}
	foreach(lc, named)
	{
		M2mRelationship *rel = m2m_description_get(lfirst_oid(lc),
												   InvalidOid, NULL);
		M2mSide		side;

		if (rel == NULL || m2m_catalog_is_part(rel->association, named) ||
			!first_plays(rel, first, role, &side))
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
		/* also where it is none: what would have to change to make it one */
		M2mRelationship *rel = m2m_description_get(lfirst_oid(lc), InvalidOid,
												   sources);

		if (rel != NULL && relates(rel, first, second))
			result = lappend_oid(result, rel->association);
		CHECK_FOR_INTERRUPTS();
	}
	return result;
}

/*
 * m2m_relationships_passed_over: the names of relationships between two tables
 * that a call does not mean which names none (is_trusted()); NULL if there are
 * none.
 */
char *
m2m_relationships_passed_over(Oid first, Oid second)
{
	List	   *sources = NIL;
	List	   *passed = NIL;
	ListCell   *lc;

	foreach(lc, find_candidates(first, second, &sources))
	{
		M2mRelationship *rel = m2m_description_get(lfirst_oid(lc),
												   InvalidOid, NULL);

		if (rel != NULL && !is_trusted(rel))
			passed = lappend_oid(passed, rel->association);
	}
	return passed == NIL ? NULL : list_associations(passed);
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
	if (list_length(names) == 2 && strcmp(linitial(names), "pg_temp") == 0)
		return isTempNamespace(get_rel_namespace(rel->association));
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
	return m2m_relationship_trusts(rel->association,
								   rel->side[M2M_LEFT].relid,
								   rel->side[M2M_RIGHT].relid);
}

/*
 * m2m_relationship_is_meant: does a call that names one table mean it, whatever
 * the other is?  via as in m2m_relationship_find().
 */
bool
m2m_relationship_is_meant(M2mRelationship *rel, const char *via)
{
	if (via == NULL)
		return is_trusted(rel);
	return is_named(rel, via, true) ||
		(is_named(rel, via, false) &&
		 (is_trusted(rel) || RelationIsVisible(rel->association)));
}

/* m2m_relationship_trusts: the same of a table that may be an association. */
bool
m2m_relationship_trusts(Oid association, Oid left_relid, Oid right_relid)
{
	Oid			owner = m2m_catalog_relation_owner(association);
	Oid			left = m2m_catalog_relation_owner(left_relid);
	Oid			right = m2m_catalog_relation_owner(right_relid);

	/* dropped meanwhile: no lock is held yet */
	if (!OidIsValid(owner))
		return false;

	/*
	 * Not a superuser's membership in all roles: he would trust everybody,
	 * and he has most to lose.
	 */
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
			/* both mean the same where links have no direction */
			*side = OidIsValid(rel->mirror) ? M2M_LEFT : (M2mSide) s;
			return true;
		}
	}
	return false;
}

/*
 * report_none: there is no relationship that the call can mean.  Error 42704,
 * with what there is.
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
 * m2m_error_no_relationship: error 42704 for a table that is no association
 * table, or 42P01 where there is no such table.
 */
void
m2m_error_no_relationship(Oid relid)
{
	char	   *name = get_rel_name(relid);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("\"%s\" is not the association table of a relationship",
					name),
			 errhint("The function m2m_relationships() lists those that are.")));
}

/*
 * m2m_error_at_rest: error 55000 for a relationship of which a table is not
 * known, where both are needed.
 */
void
m2m_error_at_rest(Oid association)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the relationship of association table \"%s\" is at rest",
					get_rel_name(association)),
			 errdetail("One of its tables is not known, since no foreign key refers to it."),
			 errhint("Restore the foreign keys of the table first.")));
}

/*
 * report_several: the call could mean more than one relationship.  Error
 * 42P08, with what there is.
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
		M2mRelationship *rel = m2m_description_get(lfirst_oid(lc),
												   InvalidOid, NULL);

		if (rel != NULL)
			appendStringInfo(&buf, "%s%s (\"%s\", \"%s\")",
							 buf.len > 0 ? ", " : "",
							 m2m_qualified_name(rel->association),
							 rel->side[M2M_LEFT].role,
							 rel->side[M2M_RIGHT].role);
	}
	return buf.data;
}
