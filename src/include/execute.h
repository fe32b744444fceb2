/*
 * execute.h
 *		Running SQL of our own, as whoever it has to run as; permissions; locks;
 *		entries of indexes.
 */
#ifndef M2M_EXECUTE_H
#define M2M_EXECUTE_H

#include "executor/spi.h"
#include "nodes/execnodes.h"
#include "nodes/parsenodes.h"
#include "storage/itemptr.h"
#include "storage/lockdefs.h"
#include "utils/relcache.h"
#include "utils/tuplestore.h"

#include "m2m.h"

/* Whether an extension's script is running; see execute.c. */
typedef struct M2mExtensionState
{
	bool		creating;
	Oid			current;
} M2mExtensionState;

/*
 * execute.c: running SQL of our own: as the caller who asked for it, or as the
 * owner of what somebody else's command made necessary to change
 */
extern void m2m_association_check_owner(Oid association);
extern void m2m_ddl(const char *sql);
extern void m2m_sql(const char *sql);
extern void m2m_sql_seen(const char *sql);
extern int	m2m_policies_past(void);
extern void m2m_policies_back(int security);
extern bool m2m_ddl_is_own(Node *parsetree);
extern int	m2m_ddl_depth(void);
extern bool m2m_as_owner(Oid owner, bool restricted, const char *what,
						 void (*action) (void *arg), void *arg);
extern bool m2m_as_server(bool restricted, const char *what,
						  void (*action) (void *arg), void *arg);
extern bool m2m_try_as_owner(Oid owner, bool restricted, const char *what,
							 const char *hint, void (*action) (void *arg),
							 void *arg);
extern bool m2m_look_as_owner(Oid owner, const char *what,
							  void (*action) (void *arg), void *arg);
extern ErrorData *m2m_attempt_as(Oid role, bool restricted, bool keep,
								 bool passing, void (*action) (void *arg),
								 void *arg);
extern void m2m_setting_for_now(const char *name, const char *value);
extern void m2m_leave_extension(M2mExtensionState *state);
extern void m2m_enter_extension(M2mExtensionState *state);
extern bool m2m_drop_objects(List *addresses);
extern void m2m_drop_for_good(List *addresses, DropBehavior behavior);
extern bool m2m_drop_for_good_if_free(List *addresses);

/* spi.c: rows that SQL has returned, plans that are kept, and the latest snapshot */
extern int64 m2m_spi_put_rows(Tuplestorestate *store, int64 most);
extern bool m2m_latest_begin(SPIPlanPtr plan);
extern void m2m_latest_end(bool read_only);
extern void m2m_latest_row(const char *sql);
extern int	m2m_latest_write(SPIPlanPtr plan, Datum *values, bool seen);
extern void m2m_plan_retire(SPIPlanPtr plan);

/* extension.c: marking triggers and functions of ours as going with the extension */
extern void m2m_trigger_depends(Oid trigger, const char *extension);
extern void m2m_function_depends(Oid function, const char *extension);

/* permission.c: may the caller do what the executor is not asked to do? */
extern bool m2m_check_permissions(Relation relation, LOCKMODE lockmode,
								  AclMode required, Bitmapset *selected,
								  Bitmapset *written);

/*
 * lock.c: on several relations at once, on an extension, and by which calls on
 * the same links go one by one
 */
extern void m2m_lock_relations(List *relids, LOCKMODE lockmode);
extern void m2m_lock_relations_each(List *relids, List *lockmodes);
extern bool m2m_lock_if_free(List *relids, LOCKMODE lockmode);
extern bool m2m_lock_object_if_free(Oid classid, Oid objid, LOCKMODE lockmode);
extern void m2m_lock_extension(Oid extension, LOCKMODE lockmode);
extern Oid	m2m_keep_extension(const char *name, bool missing_ok);
extern bool m2m_keep_extension_if_free(const char *name);
extern void m2m_lock_links(M2mRelationship *rel);
extern void m2m_lock_links_shared(M2mRelationship *rel);
extern void m2m_lock_links_of_row(M2mRelationship *rel, M2mSide side,
								  M2mIds *id);
extern void m2m_lock_all_keys(M2mRelationship *rel, M2mSide side);
extern void m2m_lock_keys(M2mRelationship *rel, M2mSide side, uint32 *hash,
						  uint64 count);
extern void m2m_await_key(M2mRelationship *rel, M2mSide side, uint32 hash);
extern void m2m_lock_rows(Oid relid, uint32 *hash, uint64 count);
pg_noreturn extern void m2m_error_newer_links(void);
pg_noreturn extern void m2m_error_newer(const char *detail);


/* index_sort.c: entries of an index, made in its own order */
typedef struct M2mIndexSort M2mIndexSort;

extern M2mIndexSort *m2m_index_sort_begin(Relation heap, Relation index,
										  int work_kb);
extern void m2m_index_sort_put(M2mIndexSort *sort, Datum *values,
							   bool *isnull, ItemPointer place);
extern void m2m_index_sort_end(M2mIndexSort *sort, IndexInfo *info);

#endif							/* M2M_EXECUTE_H */
