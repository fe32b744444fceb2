/*
 * m2m.c
 *		Module load and settings.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "m2m.h"

PG_MODULE_MAGIC;

/* m2m.auto_create: does m2m_link create a relationship on first use? */
bool		m2m_auto_create = true;

/* m2m.direct_path: are plain tables written without the executor? */
bool		m2m_direct_path = true;

/* m2m.index_runs: does it enter many rows into a page of a B-tree at once? */
bool		m2m_index_runs = true;

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

	DefineCustomBoolVariable("m2m.direct_path",
							 "Writes links without the executor where the tables are plain.",
							 "When off, all links are written by SQL statements. The outcome is the same.",
							 &m2m_direct_path,
							 true,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);

	DefineCustomBoolVariable("m2m.index_runs",
							 "Enters rows into B-tree indexes a page at a time, in bulk work of the direct path.",
							 "When off, each row is given to the index access method by itself. The outcome is the same.",
							 &m2m_index_runs,
							 true,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);

	MarkGUCPrefixReserved("m2m");

	m2m_relationship_init();
	m2m_pending_init();
	m2m_dropped_init();
}
