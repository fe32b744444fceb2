/*
 * define_styles.c
 *		Names and shape of an association as this or that tool makes them.
 *
 * Who makes a table here that a tool of his is to read, has it made as that
 * tool would have made it: its introspection, or its models without any
 * further word, then find it.  What differs is what stands here: the names,
 * whose columns come first, and what keys and indexes are called; which there
 * are is define_create.c's (create_association).
 *
 *		m2m			author_book		author_id, book_id
 *		rails		authors_books	author_id, book_id; no primary key
 *		laravel		author_book		author_id, book_id
 *		django		author_books	id, author_id, book_id
 *		prisma		_AuthorToBook	"A", "B"
 *
 * Reads catalogs and locks nothing.  The spelling is naming.c's.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "common/md5.h"
#include "common/sha2.h"
#include "mb/pg_wchar.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "define_internal.h"
#include "m2m.h"
#include "text.h"

static char *model_of(const char *table);
static bool same_model(M2mNaming naming, Oid relid[2]);
static char *rails_join(const char *first, const char *second);
static char *join_columns(List *columns, const char *between);
static char *django_name(const char *table, List *columns, const char *suffix);
static char *django_digest(const char *text, int length);
static char *rails_digest(const char *text, int length);

/* The values of the setting, and of the argument "naming". */
const struct config_enum_entry m2m_naming_options[] = {
	{"m2m", M2M_NAMING_M2M, false},
	{"rails", M2M_NAMING_RAILS, false},
	{"laravel", M2M_NAMING_LARAVEL, false},
	{"django", M2M_NAMING_DJANGO, false},
	{"prisma", M2M_NAMING_PRISMA, false},
	{NULL, 0, false}
};

/* m2m_naming_parse: a style by its name; error 22023 with all of them. */
M2mNaming
m2m_naming_parse(const char *string)
{
	StringInfoData names;

	initStringInfo(&names);
	for (const struct config_enum_entry *option = m2m_naming_options;
		 option->name != NULL; option++)
	{
		if (pg_strcasecmp(option->name, string) == 0)
			return (M2mNaming) option->val;
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
						 option->name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for argument \"naming\": \"%s\"", string),
			 errhint("Available values: %s.", names.data)));
	return M2M_NAMING_M2M;
}

/*
 * m2m_style_first: the side whose columns come first in the table.  Prisma
 * calls the column "A" that refers to the table which comes first by its name,
 * byte by byte.
 */
M2mSide
m2m_style_first(M2mNaming naming, Oid relid[2])
{
	return naming == M2M_NAMING_PRISMA &&
		strcmp(get_rel_name(relid[M2M_RIGHT]),
			   get_rel_name(relid[M2M_LEFT])) < 0 ? M2M_RIGHT : M2M_LEFT;
}

/* m2m_style_roles: the roles, as given or by default. */
void
m2m_style_roles(M2mNaming naming, Oid relid[2], const char *given[2],
				char *role[2])
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		char	   *table = get_rel_name(relid[s]);
		char	   *name = naming == M2M_NAMING_DJANGO ? model_of(table) :
			m2m_name_singular(table);

		role[s] = given[s] != NULL ? pstrdup(given[s]) :
			same_model(naming, relid) ?
			m2m_name_join(s == M2M_LEFT ? "from" : "to", name) : name;
	}
}

/*
 * m2m_style_columns: names of the association's columns for the key columns of
 * a side.
 */
List *
m2m_style_columns(M2mNaming naming, Oid relid[2], char *role[2], List *key,
				  M2mSide side)
{
	char	   *of = role[side];
	List	   *columns = NIL;
	ListCell   *lc;

	/*
	 * Django's are called by the models, also where the field is called
	 * otherwise.  Rails and Django say _id whatever the key is called, and
	 * neither they nor Prisma know keys of several columns.
	 */
	if (naming == M2M_NAMING_DJANGO)
	{
		of = model_of(get_rel_name(relid[side]));
		if (same_model(naming, relid))
			of = m2m_name_join(side == M2M_LEFT ? "from" : "to", of);
	}
	else if (naming == M2M_NAMING_RAILS || naming == M2M_NAMING_LARAVEL)
		of = m2m_name_snake(of);
	foreach(lc, key)
	{
		bool		id = list_length(key) == 1 &&
			(naming == M2M_NAMING_RAILS || naming == M2M_NAMING_DJANGO);
		char	   *name;

		if (naming == M2M_NAMING_PRISMA)
			name = pstrdup(m2m_style_first(naming, relid) == side ? "A" : "B");
		else
			name = m2m_name_join(of, id ? "id" : strVal(lfirst(lc)));
		columns = lappend(columns, makeString(name));
	}
	return columns;
}

/*
 * m2m_style_association: what an association is called by default.  given are
 * the roles that were, of which the right one is a field of Django's.
 */
char *
m2m_style_association(M2mNaming naming, Oid relid[2], const char *given[2])
{
	char	   *table[2] = {get_rel_name(relid[M2M_LEFT]),
	get_rel_name(relid[M2M_RIGHT])};
	char	   *first;
	char	   *second;

	switch (naming)
	{
		case M2M_NAMING_RAILS:
			return strcmp(table[M2M_LEFT], table[M2M_RIGHT]) <= 0 ?
				rails_join(table[M2M_LEFT], table[M2M_RIGHT]) :
				rails_join(table[M2M_RIGHT], table[M2M_LEFT]);
		case M2M_NAMING_LARAVEL:
			first = m2m_name_snake(m2m_name_singular(table[M2M_LEFT]));
			second = m2m_name_snake(m2m_name_singular(table[M2M_RIGHT]));
			return strcmp(first, second) <= 0 ?
				m2m_name_join(first, second) : m2m_name_join(second, first);
		case M2M_NAMING_DJANGO:
			second = given[M2M_RIGHT] != NULL ? pstrdup(given[M2M_RIGHT]) :
				model_of(table[M2M_RIGHT]);
			first = psprintf("%s_%s", table[M2M_LEFT],
							 m2m_name_plural(second, table[M2M_RIGHT]));
			if (strlen(first) >= NAMEDATALEN)
				first = psprintf("%.*s%s",
								 pg_mbcliplen(first, strlen(first),
											  NAMEDATALEN - 1 - 4),
								 first, django_digest(first, 4));
			return first;
		case M2M_NAMING_PRISMA:
			first = table[m2m_style_first(naming, relid)];
			second = table[M2M_OTHER(m2m_style_first(naming, relid))];
			first = psprintf("_%sTo%s",
							 m2m_name_pascal(m2m_name_singular(first)),
							 m2m_name_pascal(m2m_name_singular(second)));
			truncate_identifier(first, strlen(first), false);
			return first;
		default:
			return m2m_name_join(table[M2M_LEFT], table[M2M_RIGHT]);
	}
}

/*
 * m2m_style_key: what the key over a pair's columns is called; NULL as
 * PostgreSQL would.
 */
char *
m2m_style_key(M2mNaming naming, const char *association, List *columns)
{
	switch (naming)
	{
		case M2M_NAMING_RAILS:
			return m2m_style_index(naming, association, columns);
		case M2M_NAMING_DJANGO:
			return django_name(association, columns, "_uniq");
		case M2M_NAMING_PRISMA:
			return makeObjectName(association, "AB", "pkey");
		default:
			return NULL;
	}
}

/* m2m_style_index: what an index is called, likewise. */
char *
m2m_style_index(M2mNaming naming, const char *association, List *columns)
{
	switch (naming)
	{
		case M2M_NAMING_RAILS:
			return m2m_name_join(psprintf("index_%s_on", association),
								 join_columns(columns, "_and_"));
		case M2M_NAMING_LARAVEL:
			return makeObjectName(association, join_columns(columns, "_"),
								  "index");
		case M2M_NAMING_DJANGO:
			return django_name(association, columns, "");
		case M2M_NAMING_PRISMA:
			return makeObjectName(association, "B", "index");
		default:
			return NULL;
	}
}

/* m2m_style_foreign_key: what a foreign key is called, likewise. */
char *
m2m_style_foreign_key(M2mNaming naming, const char *association,
					  List *columns, Oid relid, List *key)
{
	switch (naming)
	{
		case M2M_NAMING_RAILS:
			return psprintf("fk_rails_%s",
							rails_digest(psprintf("%s_%s_fk", association,
												  join_columns(columns,
															   "_and_")),
										 10));
		case M2M_NAMING_LARAVEL:
			return makeObjectName(association, join_columns(columns, "_"),
								  "foreign");
		case M2M_NAMING_DJANGO:
			return django_name(association, columns,
							   psprintf("_fk_%s_%s", get_rel_name(relid),
										strVal(linitial(key))));
		case M2M_NAMING_PRISMA:
			return makeObjectName(association, join_columns(columns, "_"),
								  "fkey");
		default:
			return NULL;
	}
}

/*
 * model_of: the name of the model behind one of Django's tables: those are
 * called <app>_<model>, and there is no underscore in a model's name.
 */
static char *
model_of(const char *table)
{
	const char *underscore = strrchr(table, '_');

	return m2m_name_singular(underscore == NULL || underscore[1] == '\0' ?
							 table : underscore + 1);
}

/* same_model: are both sides one table, or, to Django, models of one name? */
static bool
same_model(M2mNaming naming, Oid relid[2])
{
	return relid[M2M_LEFT] == relid[M2M_RIGHT] ||
		(naming == M2M_NAMING_DJANGO &&
		 strcmp(model_of(get_rel_name(relid[M2M_LEFT])),
				model_of(get_rel_name(relid[M2M_RIGHT]))) == 0);
}

/*
 * rails_join: "music_artists", "music_records" -> "music_artists_records": what
 * both begin with, up to an underscore, stands there once.
 */
static char *
rails_join(const char *first, const char *second)
{
	int			common = 0;

	for (int i = 0; first[i] != '\0' && first[i] == second[i]; i++)
	{
		if (first[i] == '_' && first[i + 1] != '\0' && second[i + 1] != '\0')
			common = i + 1;
	}
	return m2m_name_join(first, second + common);
}

/* join_columns: their names, with something between them. */
static char *
join_columns(List *columns, const char *between)
{
	StringInfoData result;
	ListCell   *lc;

	initStringInfo(&result);
	foreach(lc, columns)
		appendStringInfo(&result, "%s%s", result.len > 0 ? between : "",
						 strVal(lfirst(lc)));
	return result.data;
}

/*
 * django_name: the name of an index or constraint.  Where it would be too long,
 * table, columns and suffix are each shortened to their share.
 */
static char *
django_name(const char *table, List *columns, const char *suffix)
{
	const int	longest = NAMEDATALEN - 1;
	char	   *names = join_columns(columns, "_");
	char	   *end = psprintf("%s%s",
							   django_digest(psprintf("%s%s", table,
													  join_columns(columns,
																   "")), 8),
							   suffix);
	char	   *name = psprintf("%s_%s_%s", table, names, end);
	int			share;

	if (strlen(name) <= longest)
		return name;
	end[pg_mbcliplen(end, strlen(end), longest / 3)] = '\0';
	share = (longest - (int) strlen(end)) / 2 - 1;
	return psprintf("%.*s_%.*s_%s",
					pg_mbcliplen(table, strlen(table), share), table,
					pg_mbcliplen(names, strlen(names), share), names, end);
}

/*
 * django_digest: the first digits of a text's MD5, with which Django's names
 * end; of its SHA-256 where the server's library has no MD5 any more.
 */
static char *
django_digest(const char *text, int length)
{
	char		hex[MD5_PASSWD_LEN + 1];
	const char *error = NULL;

	if (!pg_md5_hash(text, strlen(text), hex, &error))
		return rails_digest(text, length);
	return pnstrdup(hex, length);
}

/* rails_digest: the first digits of a text's SHA-256. */
static char *
rails_digest(const char *text, int length)
{
	bytea	   *source = (bytea *) cstring_to_text(text);
	bytea	   *digest = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea,
															 PointerGetDatum(source)));
	char	   *hex = palloc(PG_SHA256_DIGEST_LENGTH * 2 + 1);

	hex[hex_encode(VARDATA_ANY(digest), VARSIZE_ANY_EXHDR(digest), hex)] = '\0';
	return pnstrdup(hex, length);
}
