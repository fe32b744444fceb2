/*
 * m2m.c
 *		Module load and settings.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "ddl.h"
#include "define.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"

PG_MODULE_MAGIC;

/* m2m.auto_create: does m2m_link create a relationship on first use? */
bool		m2m_auto_create = true;

/* m2m.auto_adopt: are tables adopted that become join tables? */
bool		m2m_auto_adopt = false;

/* m2m.direct_path: are plain tables written without the executor? */
bool		m2m_direct_path = true;

/* m2m.index_runs: are many keys looked up in a page of a B-tree at once? */
bool		m2m_index_runs = true;

/* m2m.actor: who uses the application, for the history of links */
char	   *m2m_actor = NULL;

/* m2m.view_schema: where link views and functions go; "": beside the association */
char	   *m2m_view_schema = NULL;

/* m2m.naming: an M2mNaming */
int			m2m_naming = M2M_NAMING_M2M;

void		_PG_init(void);

/*
 * _PG_init: define the settings and hook up cache invalidation.  Runs once
 * per backend, when the library is loaded.
 */
void
_PG_init(void)
{
	DefineCustomBoolVariable("m2m.auto_create",
							 "Lets m2m_link create a relationship on first use.",
							 "When off, linking tables that have no relationship is an error.",
							 &m2m_auto_create,
							 true,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);

	DefineCustomBoolVariable("m2m.auto_adopt",
							 "Adopts a table when a command makes a join table of it.",
							 "It becomes the association table of a relationship, which belongs to its owner.",
							 &m2m_auto_adopt,
							 false,
							 PGC_SUSET,
							 0,
							 NULL, NULL, NULL);

	/*
	 * Both are there to compare, in tests and when in doubt; and whoever
	 * could choose how rows are written could choose what writes them unseen.
	 */
	DefineCustomBoolVariable("m2m.direct_path",
							 "Writes links without the executor where the tables are plain.",
							 "When off, all links are written by SQL statements. The outcome is the same.",
							 &m2m_direct_path,
							 true,
							 PGC_SUSET,
							 0,
							 NULL, NULL, NULL);

	DefineCustomBoolVariable("m2m.index_runs",
							 "Looks many keys up in a page of a B-tree index at once, in bulk work of the direct path.",
							 "When off, each key takes an index scan. The outcome is the same.",
							 &m2m_index_runs,
							 true,
							 PGC_SUSET,
							 0,
							 NULL, NULL, NULL);

	DefineCustomStringVariable("m2m.actor",
							   "Names the application's user in the history of links.",
							   "Kept beside the database role, as the application says it.",
							   &m2m_actor,
							   "",
							   PGC_USERSET,
							   0,
							   NULL, NULL, NULL);

	DefineCustomStringVariable("m2m.view_schema",
							   "Schema that link views and link functions are made in.",
							   "When empty, they are made in the schema of their association table.",
							   &m2m_view_schema,
							   "",
							   PGC_USERSET,
							   0,
							   NULL, NULL, NULL);

	DefineCustomEnumVariable("m2m.naming",
							 "Whose names and shape association tables get when they are made.",
							 NULL,
							 &m2m_naming,
							 M2M_NAMING_M2M,
							 m2m_naming_options,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);

	MarkGUCPrefixReserved("m2m");

	m2m_relationship_init();
	m2m_pending_init();
	m2m_dropped_init();
	m2m_rules_init();
}
