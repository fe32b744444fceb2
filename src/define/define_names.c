/*
 * define_names.c
 *		What m2m_adopt calls roles and link views that it was given no name
 *		for.
 *
 * Somebody else chose the names of a join table, and often one is just what a
 * link view would be called (user_groups), or a second join table relates the
 * same two tables.  So there are several ways to call link views, tried in
 * this order; both views are called in the same way, the first that has only
 * free names:
 *
 *		user_groups, group_users
 *		the same with roles that the columns' names tell: sender_recipients
 *		groups_of_user, users_of_group
 *		membership_groups, membership_users: behind the association's name
 *
 * A join table in humps ("PlaylistTrack") has link views in humps, too
 * ("TrackPlaylists").  The spelling is naming.c's.  Reads catalogs and locks
 * nothing: if somebody takes a name meanwhile, the DDL to come fails.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "m2m.h"
#include "text.h"

/* The ways to call link views. */
typedef enum NamePattern
{
	NEAR_FARS,
	FARS_OF_NEAR,
	ASSOCIATION_FARS
} NamePattern;

static void tell_roles(Oid association, ForeignKeyCacheInfo *fk[2],
					   bool any_column, bool given[2], char *role[2]);
static bool same_name(Oid left, Oid right);
static char *column_role(Oid association, ForeignKeyCacheInfo *fk,
						 ForeignKeyCacheInfo *other, bool any_column);
static char *view_name(const char *name, char *role[2], Oid far, M2mSide near,
					   NamePattern pattern);
static char *first_taken(M2mRelationship *rel, Oid schema[2], char *name[2],
						 bool open[2]);
static char *quoted_names(char *name[2], bool open[2]);

/*
 * m2m_adopted_roles: the roles that were not given, as a join table's columns
 * suggest them: author_id for the key id is role author.  Where they suggest
 * none, or one for both, the endpoints' singulars.
 */
void
m2m_adopted_roles(Oid association, ForeignKeyCacheInfo *fk[2], char *role[2])
{
	bool		given[2] = {role[M2M_LEFT] != NULL, role[M2M_RIGHT] != NULL};

	tell_roles(association, fk, false, given, role);
}

/*
 * m2m_adopted_views: names for the link views that have none yet, that is,
 * where view is NULL; and other roles where none was given, if these help.
 * Says in a NOTICE if it could not be the first choice.  The relationship is
 * described with the roles.  Error 42P07 if all names are taken.
 */
void
m2m_adopted_views(M2mRelationship *rel, ForeignKeyCacheInfo *fk[2],
				  Oid schema[2], bool given[2], char *role[2], char *view[2])
{
	struct
	{
		char	  **role;
		NamePattern pattern;
	}			way[4];
	bool		open[2] = {
		view[M2M_LEFT] == NULL && m2m_view_is_due(rel, M2M_LEFT),
		view[M2M_RIGHT] == NULL && m2m_view_is_due(rel, M2M_RIGHT)
	};
	char	   *column[2] = {role[M2M_LEFT], role[M2M_RIGHT]};
	char	   *taken = NULL;
	StringInfoData tried;
	int			nways = 0;
	bool		self;
	bool		late;

	if (!open[M2M_LEFT] && !open[M2M_RIGHT])
		return;
	tell_roles(rel->association, fk, true, given, column);
	way[nways].role = role;
	way[nways++].pattern = NEAR_FARS;
	if (strcmp(role[M2M_LEFT], column[M2M_LEFT]) != 0 ||
		strcmp(role[M2M_RIGHT], column[M2M_RIGHT]) != 0)
	{
		way[nways].role = column;
		way[nways++].pattern = NEAR_FARS;
	}

	/* nobody wants to_people_of_from_person: the columns' words, or later */
	self = same_name(rel->side[M2M_LEFT].relid, rel->side[M2M_RIGHT].relid);
	late = self && nways == 1;
	way[nways].role = way[nways + 1].role = self ? column : role;
	way[nways].pattern = late ? ASSOCIATION_FARS : FARS_OF_NEAR;
	way[nways + 1].pattern = late ? FARS_OF_NEAR : ASSOCIATION_FARS;
	nways += 2;

	initStringInfo(&tried);
	for (int i = 0; i < nways; i++)
	{
		char	   *name[2] = {view[M2M_LEFT], view[M2M_RIGHT]};
		char	   *clash;

		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			if (open[s])
				name[s] = view_name(get_rel_name(rel->association), way[i].role,
									rel->side[M2M_OTHER(s)].relid, s,
									way[i].pattern);
		}
		clash = first_taken(rel, schema, name, open);
		if (clash == NULL)
		{
			for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
			{
				view[s] = name[s];
				role[s] = way[i].role[s];
			}
			if (taken != NULL)
				ereport(NOTICE,
						(OidIsValid(rel->mirror) ?
						 errmsg("the link view of \"%s\" is called %s",
								get_rel_name(rel->association),
								quoted_names(view, open)) :
						 open[M2M_LEFT] && open[M2M_RIGHT] ?
						 errmsg("link views of \"%s\" are called %s",
								get_rel_name(rel->association),
								quoted_names(view, open)) :
						 errmsg("the other link view of \"%s\" is called %s",
								get_rel_name(rel->association),
								quoted_names(view, open)),
						 errdetail("The name \"%s\" is taken.", taken)));
			return;
		}
		if (taken == NULL)
			taken = clash;
		appendStringInfo(&tried, "%s%s", i > 0 ? "; " : "",
						 quoted_names(name, open));
	}
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_TABLE),
			 errmsg("no name is free for the link views of table \"%s\"",
					get_rel_name(rel->association)),
			 errdetail("Tried were %s.", tried.data),
			 open[M2M_LEFT] && open[M2M_RIGHT] ?
			 errhint("Give names by the arguments \"%s\" and \"%s\" of m2m_adopt, or roles by \"%s\" and \"%s\".",
					 m2m_view_argument[M2M_LEFT], m2m_view_argument[M2M_RIGHT],
					 m2m_role_argument[M2M_LEFT],
					 m2m_role_argument[M2M_RIGHT]) :
			 errhint("Give a name by the argument \"%s\" of m2m_adopt, or roles by \"%s\" and \"%s\".",
					 m2m_view_argument[open[M2M_LEFT] ? M2M_LEFT : M2M_RIGHT],
					 m2m_role_argument[M2M_LEFT],
					 m2m_role_argument[M2M_RIGHT])));
}

/*
 * m2m_adopted_view_again: what the missing link view of a side was called, as
 * far as its roles and the name of the other view tell.
 */
char *
m2m_adopted_view_again(M2mRelationship *rel, M2mSide near)
{
	static const NamePattern all[] = {NEAR_FARS, FARS_OF_NEAR, ASSOCIATION_FARS};
	char	   *role[2] = {rel->side[M2M_LEFT].role, rel->side[M2M_RIGHT].role};
	M2mSide		other = M2M_OTHER(near);
	NamePattern pattern = NEAR_FARS;

	for (size_t i = 0; i < lengthof(all) &&
		 OidIsValid(rel->side[other].view); i++)
	{
		if (strcmp(get_rel_name(rel->side[other].view),
				   view_name(get_rel_name(rel->association), role,
							 rel->side[near].relid, other, all[i])) == 0)
		{
			pattern = all[i];
			break;
		}
	}
	return view_name(get_rel_name(rel->association), role,
					 rel->side[other].relid, near, pattern);
}

/*
 * m2m_view_name_renamed: what the link view of a side, which has one, is called
 * when the association and the roles are: the same way, if it is called in one
 * of these ways, or as m2m_create does; else as it is.
 */
char *
m2m_view_name_renamed(M2mRelationship *rel, M2mSide near, const char *name,
					  char *role[2])
{
	static const NamePattern all[] = {NEAR_FARS, FARS_OF_NEAR, ASSOCIATION_FARS};
	char	   *old_role[2] = {rel->side[M2M_LEFT].role, rel->side[M2M_RIGHT].role};
	char	   *old_name = get_rel_name(rel->association);
	char	   *old = get_rel_name(rel->side[near].view);
	M2mSide		other = M2M_OTHER(near);
	Oid			far = rel->side[other].relid;

	if (strcmp(old, m2m_name_join(old_role[near],
								  m2m_name_plural(old_role[other],
												  get_rel_name(far)))) == 0)
		return m2m_name_join(role[near],
							 m2m_name_plural(role[other], get_rel_name(far)));
	for (size_t i = 0; i < lengthof(all); i++)
	{
		if (strcmp(old, view_name(old_name, old_role, far, near, all[i])) == 0)
			return view_name(name, role, far, near, all[i]);
	}
	return old;
}

/*
 * m2m_adopted_view_elsewhere: another name for a link view that gives way, the
 * first of the further ways to call one that is free; or one of them with a
 * number behind it.
 */
char *
m2m_adopted_view_elsewhere(M2mRelationship *rel, M2mSide near)
{
	static const NamePattern all[] = {FARS_OF_NEAR, ASSOCIATION_FARS};
	char	   *role[2] = {rel->side[M2M_LEFT].role, rel->side[M2M_RIGHT].role};
	Oid			schema = get_rel_namespace(rel->side[near].view);

	for (int n = 0;; n++)
	{
		for (size_t i = 0; i < lengthof(all); i++)
		{
			char	   *name = view_name(get_rel_name(rel->association), role,
										 rel->side[M2M_OTHER(near)].relid,
										 near, all[i]);

			if (n > 0)
				name = makeObjectName(name, NULL, psprintf("%d", n));
			if (m2m_name_is_free(schema, name) &&
				m2m_function_is_free(rel, near, schema, name) &&
				!m2m_function_disturbs(rel, near, schema, name))
				return name;
		}
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * tell_roles: roles that were not given, from the columns, also without their
 * key's name in them (parent, descendant) if any_column; else as they are, or,
 * if they are NULL, from the tables.
 */
static void
tell_roles(Oid association, ForeignKeyCacheInfo *fk[2], bool any_column,
		   bool given[2], char *role[2])
{
	bool		self = same_name(fk[M2M_LEFT]->confrelid,
								 fk[M2M_RIGHT]->confrelid);
	char	   *told[2];
	char	   *table[2];

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		char	   *singular = m2m_name_singular(get_rel_name(fk[s]->confrelid));

		table[s] = role[s] != NULL ? role[s] :
			self ? m2m_name_join(s == M2M_LEFT ? "from" : "to", singular) :
			singular;
		told[s] = given[s] ? NULL :
			column_role(association, fk[s], fk[M2M_OTHER(s)], any_column);
	}

	/* one that has its key's own name, beside one that tells: the manager's */
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		char	   *other = told[M2M_OTHER(s)];
		char	   *singular = m2m_name_singular(get_rel_name(fk[s]->confrelid));

		if (told[s] != NULL)
			continue;
		told[s] = table[s];
		if (self && role[s] == NULL && other != NULL &&
			other != table[M2M_OTHER(s)] && strcmp(other, singular) != 0)
			told[s] = singular;
	}
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		role[s] = strcmp(told[M2M_LEFT], told[M2M_RIGHT]) == 0 ? table[s] :
			told[s];
}

/*
 * same_name: are two tables one, or would both have one role?  (author of two
 * schemas, author and authors)
 */
static bool
same_name(Oid left, Oid right)
{
	return strcmp(m2m_name_singular(get_rel_name(left)),
				  m2m_name_singular(get_rel_name(right))) == 0;
}

/*
 * column_role: the role that a foreign key's columns tell; NULL if none.  A
 * column that both foreign keys have, such as a tenant's, tells nothing.  Nor
 * does one letter.
 */
static char *
column_role(Oid association, ForeignKeyCacheInfo *fk,
			ForeignKeyCacheInfo *other, bool any_column)
{
	static const char *const suffixes[] = {
		"id", "code", "key", "uuid", "no", "fk"
	};
	char	   *table = get_rel_name(fk->confrelid);

	for (int pass = 0; pass < (any_column ? 2 : 1); pass++)
	{
		for (int i = 0; i < fk->nkeys; i++)
		{
			char	   *column = get_attname(association, fk->conkey[i], false);
			char	   *key = get_attname(fk->confrelid, fk->confkey[i], false);
			char	   *role;
			bool		shared = false;

			for (int j = 0; j < other->nkeys; j++)
				shared |= other->conkey[j] == fk->conkey[i];
			if (shared)
				continue;
			role = m2m_name_without(column, key, table);
			if (role != NULL)
				return role;
			if (pass == 0 || (fk->nkeys > 1 && strcmp(column, key) == 0))
				continue;
			for (size_t j = 0; j < lengthof(suffixes); j++)
			{
				role = m2m_name_without(column, suffixes[j], table);
				if (role != NULL)
					return role;
			}

			/* entity0 and entity1 tell no more than which of two tables it is */
			if (strlen(column) > 1 && strcmp(column, key) != 0 &&
				(fk->confrelid == other->confrelid ||
				 !isdigit((unsigned char) column[strlen(column) - 1])))
				return column;
		}
	}
	return NULL;
}

/*
 * view_name: the name of the link view from near to the other side, whose
 * table is far, for an association of this name.
 */
static char *
view_name(const char *name, char *role[2], Oid far, M2mSide near,
		  NamePattern pattern)
{
	char	   *fars = m2m_name_plural(role[M2M_OTHER(near)],
									   get_rel_name(far));
	bool		humps = m2m_name_has_humps(name, role);

	switch (pattern)
	{
		case FARS_OF_NEAR:
			return m2m_name_of(fars, role[near], humps);
		case ASSOCIATION_FARS:
			return m2m_name_join_as(name, fars, humps);
		default:
			return m2m_name_join_as(role[near], fars, humps);
	}
}

/*
 * first_taken: of names that link views and functions are to have on the open
 * sides, the first that something else has or is about to have, or both would
 * have; NULL if all are free.  Where nobody asked for them, no call of another
 * function may become ambiguous by them, either.
 */
static char *
first_taken(M2mRelationship *rel, Oid schema[2], char *name[2],
			bool open[2])
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (open[s] &&
			(!m2m_name_is_free(schema[s], name[s]) ||
			 m2m_name_is_being_taken(schema[s], name[s]) ||
			 !m2m_function_is_free(rel, s, schema[s], name[s]) ||
			 (rel->unasked &&
			  m2m_function_disturbs(rel, s, schema[s], name[s])) ||
			 (name[M2M_OTHER(s)] != NULL &&
			  strcmp(name[M2M_LEFT], name[M2M_RIGHT]) == 0)))
			return name[s];
	}
	return NULL;
}

/* quoted_names: "a" and "b", or the one of them that is open. */
static char *
quoted_names(char *name[2], bool open[2])
{
	if (open[M2M_LEFT] && open[M2M_RIGHT])
		return psprintf("\"%s\" and \"%s\"", name[M2M_LEFT], name[M2M_RIGHT]);
	return psprintf("\"%s\"", name[open[M2M_LEFT] ? M2M_LEFT : M2M_RIGHT]);
}
