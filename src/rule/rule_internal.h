/*
 * rule_internal.h
 *		What the files of rule/ share: a rule, its kind, and what a kind
 *		gives.
 */
#ifndef M2M_RULE_INTERNAL_H
#define M2M_RULE_INTERNAL_H

#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/tuplestore.h"

#include "m2m.h"
#include "rule.h"

/* Statements for which a rule has a trigger on the association. */
#define M2M_RULE_INSERT 1
#define M2M_RULE_UPDATE 2
#define M2M_RULE_DELETE 4
#define M2M_RULE_TRUNCATE 8
#define M2M_RULE_BEFORE_TRUNCATE 16
#define M2M_RULE_EVENTS 5

/*
 * Others that a rule may have there: for each row whose column is null, before
 * it is written; and before statements that delete, or update some columns.
 */
#define M2M_RULE_ROW 32
#define M2M_RULE_BEFORE 64

/* Statements of its own that a rule may keep plans of. */
#define M2M_RULE_PLANS 29

/* ... of which the last are m2m_rule_delta_text()'s, by kind of change */
#define M2M_RULE_DELTA (M2M_RULE_PLANS - 3)

/* Rows up to which a kept plan will do. */
#define M2M_RULE_FEW 100

/* By which snapshot a statement of a rule's runs: m2m_rule_execute(). */
typedef enum M2mRuleSnapshot
{
	M2M_RULE_COMMAND,			/* a new command of the transaction */
	M2M_RULE_READ_LATEST,		/* what is committed by now; it only reads */
	M2M_RULE_WRITE_LATEST,		/* the same, and it writes */
	M2M_RULE_WRITE_SEEN			/* the same; 40001 for rows that the
								 * transaction's snapshot does not show */
} M2mRuleSnapshot;

/* No limit, no number: an argument that is not given. */
#define M2M_RULE_NONE (-1)

typedef struct M2mRuleKind
{
	const char *name;			/* what m2m_rules() calls it */
	const char *function;		/* C symbol and SQL name of its trigger
								 * function */
	bool		on_side;		/* is it about the rows of one role? */

	/*
	 * read: sets rule->needs and what the kind has to know, by the arguments;
	 * false if they make no rule of this kind.  after: sees what was linked
	 * and unlinked, in a statement or a call, when it is all in.  text: the
	 * SQL of one of its statements.  definition: the SQL call that makes it,
	 * NULL if what it is about is lost. The others may be NULL.  row: of its
	 * row trigger on an endpoint; a row that was inserted or updated. check:
	 * a list of M2mRuleFinding.  elsewhere: is what it has on other tables
	 * than the association as it should be? end: takes that away; off: what
	 * else goes where the rule is switched off, and not with its
	 * relationship. fit: see m2m_rules_fit().  before: see
	 * m2m_rules_before_unlink(). idle: is nothing to be done about links as
	 * such, made and removed by calls?  look: before the transaction commits,
	 * at what was kept, a list of M2mRulePending in the order of their
	 * tables; rounds: how often at most, if not as often as there is
	 * something.  kept: the columns of that, if not just keys; see
	 * m2m_rule_kept_desc().
	 */
	bool		(*read) (M2mRule *rule);
	void		(*after) (M2mRule *rule, M2mRuleChange *change);
	void		(*row) (TriggerData *trigger);
	char	   *(*text) (M2mRule *rule, int statement);
	char	   *(*definition) (M2mRule *rule);
	List	   *(*check) (M2mRule *rule);
	bool		(*elsewhere) (M2mRule *rule);
	void		(*end) (M2mRule *rule, bool keep);
	void		(*off) (M2mRule *rule);
	void		(*fit) (M2mRule *rule, TupleDesc desc, Tuplestorestate **wanted);
	void		(*before) (M2mRule *rule);
	bool		(*idle) (M2mRule *rule);
	void		(*look) (List *kept);
	int			rounds;
	TupleDesc	(*kept) (M2mRule *rule, bool rows);
} M2mRuleKind;

struct M2mRule
{
	const M2mRuleKind *kind;
	M2mRelationship *rel;
	char	   *name;			/* m2m_limit_course */
	int			nargs;
	char	  **arg;			/* "name=value", as its triggers have them */
	M2mSide		side;			/* if kind->on_side */
	int			needs;			/* events: M2M_RULE_INSERT ... */
	int			has;
	bool		odd;			/* has a trigger that is not as ours are */
	List	   *triggers;		/* OIDs, in the order of their names */
	char	   *first;			/* name of the first of them */
	Oid			table;			/* named in their conditions, or InvalidOid */
	AttrNumber	column;			/* that a row trigger is about, or 0 */
	Oid			mark;			/* its trigger on another table, if read */
	Oid			lent;			/* one that m2m_rule_is_lent() has found so */
	int32		number[2];		/* the kind's */
	char	   *string[2];		/* the kind's */
	SPIPlanPtr	plan[M2M_RULE_PLANS];
};

/*
 * Rows of the association that a statement or call has made and removed.  Of
 * an UPDATE both are there, and rows need not differ.
 */
struct M2mRuleChange
{
	M2mRelationship *rel;
	Tuplestorestate *linked;	/* NULL: none */
	Tuplestorestate *unlinked;
	bool		update;			/* both are of one UPDATE */
	bool		truncated;		/* all are gone, or before TRUNCATE will be */
	bool		own;			/* the tuplestores are ours */
	MemoryContext context;
};

/* What of a change there is. */
typedef enum M2mRuleChangeKind
{
	M2M_RULE_LINKED,
	M2M_RULE_UNLINKED,
	M2M_RULE_BOTH
} M2mRuleChangeKind;

/* Keys that a rule has to look at before the transaction commits. */
typedef struct M2mRulePending
{
	const M2mRuleKind *kind;
	SubTransactionId subid;
	Oid			endpoint;
	Oid			association;
	int			nkeys;
	AttrNumber *column;			/* of the side, in the association */
	bool		rows;			/* of rows of the endpoint, not of links */
	bool		restricted;		/* in a security-restricted operation? */
	TupleDesc	desc;			/* keys, and what the kind adds */
	Tuplestorestate *keys;
} M2mRulePending;

/* What rules of a description hang on. */
typedef struct M2mRules
{
	List	   *list;			/* M2mRule */
	List	   *strays;			/* names of triggers that make none */
	bool		plain;
	MemoryContextCallback callback;
} M2mRules;

/* rule.c */
extern M2mRule *m2m_rule_find(M2mRelationship *rel, const char *name);
extern M2mRule *m2m_rule_of_trigger(M2mRelationship *rel, Oid trigger);
extern const char *m2m_rule_argument(M2mRule *rule, const char *name);
extern int32 m2m_rule_number(M2mRule *rule, const char *name);
extern char *m2m_rule_name(const M2mRuleKind *kind, const char *role);
extern const M2mRuleKind *m2m_rule_kind_of(Oid function);
extern bool m2m_rule_may_show(Oid relid);
extern bool m2m_rule_has_arguments(M2mRule *rule, int nargs, char **args);
extern bool m2m_rule_row_key(M2mRule *rule, TriggerData *trigger,
							 Datum *values, bool *isnull);
extern bool m2m_rule_key_of(M2mRule *rule, Relation table, HeapTuple row,
							Datum *values, bool *isnull);
extern bool m2m_rule_is_lent(M2mRule *rule, Oid trigger);
extern Oid	m2m_rule_endpoint_trigger(M2mRule *rule, AttrNumber *column,
									  bool *plain);
extern Oid	m2m_rule_key_trigger(M2mRule *rule, bool *plain);
extern bool m2m_rule_table_is_marked(M2mRule *rule);
extern void m2m_rule_check_table(M2mRule *rule);

/* rule_change.c */
extern Datum m2m_rule_fired(FunctionCallInfo fcinfo, const M2mRuleKind *kind);
extern LOCKMODE m2m_rule_endpoint_lock(M2mRule *rule, M2mRuleChange *change);

/* rule_run.c: a rule's own SQL, and pieces of it */
extern void m2m_rule_connect(M2mRuleChange *change);
extern void m2m_rule_add_relation(const char *name, Oid relid, TupleDesc desc,
								  Tuplestorestate *rows);
extern uint64 m2m_rule_execute(M2mRule *rule, int statement, bool many,
							   Oid as, M2mRuleSnapshot snapshot, int nargs,
							   Oid *types, Datum *values);
extern void m2m_rule_finish(void);
extern int	m2m_rule_trigger_depth(void);
extern int64 m2m_rule_rows(M2mRuleChange *change);
extern char *m2m_rule_keys(M2mRelationship *rel, M2mSide side,
						   const char *alias);
extern char *m2m_rule_names(M2mRelationship *rel, M2mSide side);
extern void m2m_rule_store(Tuplestorestate *store);
extern char *m2m_rule_same(M2mRelationship *rel, M2mSide side,
						   const char *one, const char *other);
extern char *m2m_rule_pair(M2mRelationship *rel, const char *alias);
extern char *m2m_rule_table_keys(M2mRule *rule, int n,
								 const AttrNumber *attnum, const char *alias,
								 bool as_links);
extern char *m2m_rule_table_same(M2mRule *rule, int n,
								 const AttrNumber *attnum, const char *alias,
								 const char *link);
extern AttrNumber *m2m_rule_side_columns(M2mRelationship *rel, M2mSide side);
extern char *m2m_rule_joins(M2mRelationship *rel, M2mSide side,
							const char *link, const char *row);
extern char *m2m_rule_joins_kept(M2mRelationship *rel, M2mSide side,
								 const char *link, const char *row, char name);
extern char *m2m_rule_same_row(M2mRelationship *rel, M2mSide side,
							   const char *kept, const char *row, char name);
extern char *m2m_rule_is_link(M2mRelationship *rel, const char *alias);
extern uint32 *m2m_rule_hashes(M2mRelationship *rel, M2mSide side,
							   uint64 *count);
extern uint32 *m2m_rule_id_hashes(M2mRelationship *rel, M2mSide side,
								  M2mIds *ids, uint64 *count);
extern uint64 m2m_rule_each_once(uint32 *hash, uint64 count);
extern uint32 *m2m_rule_row_hashes(M2mRelationship *rel, M2mSide side,
								   uint64 *count);

/* rule_insert.c: many rows into a side table, by its access methods */
extern bool m2m_rule_insert(M2mRule *rule, int statement, Oid as, int ncolumns,
							const AttrNumber *attnum, const Oid *type,
							int nulls, AttrNumber identity, int nargs,
							Oid *types, Datum *values);

/* rule_pending.c: what rules look at before the transaction commits */
extern M2mRulePending *m2m_rule_pending(M2mRule *rule, bool rows);
extern void m2m_rule_keep(M2mRule *rule);
extern TupleDesc m2m_rule_kept_desc(M2mRule *rule, bool rows, int more);
extern void m2m_rule_kept_column(TupleDesc desc, AttrNumber attnum,
								 const char *name, M2mKeyColumn *key,
								 bool rows);
extern bool m2m_rule_has_pending(const M2mRuleKind *kind, Oid association);
extern bool m2m_rule_is_pending(M2mRule *rule);
extern M2mRule *m2m_rule_of_pending(M2mRulePending *p, LOCKMODE lockmode);
extern bool m2m_rule_is_of_pending(M2mRulePending *p, M2mRule *rule);
extern bool m2m_rule_pending_fits(M2mRulePending *p, M2mRule *rule);

/* rule_fill.c: computing what is due over links that there are already */
extern bool m2m_rule_announce(M2mRelationship *rel, const char *rule);
extern void m2m_rule_fill(M2mRelationship *rel, const char *rule,
						  const char *sql, Oid table);
extern void m2m_rule_sql(const char *sql);

/* history_function.c: the functions of a history */
extern void m2m_history_functions_make(M2mRelationship *rel);
extern void m2m_history_functions_drop(M2mRelationship *rel);
extern char *m2m_history_functions_stale(M2mRelationship *rel);

/* rule_delta.c: by how much rows have more links, or fewer */
extern Tuplestorestate *m2m_rule_add_delta(M2mRule *rule,
										   M2mRuleChange *change, Oid as);
extern M2mRuleChangeKind m2m_rule_change_kind(M2mRuleChange *change);
extern char *m2m_rule_delta_text(M2mRelationship *rel, M2mSide side,
								 M2mRuleChangeKind kind);

/* rule_define.c: switching rules on */
extern M2mRelationship *m2m_rule_begin(Oid association, const char *kind);
extern M2mSide m2m_rule_side(M2mRelationship *rel, const char *role);
extern void m2m_rule_create(M2mRelationship *rel, const M2mRuleKind *kind,
							const char *name, int events, List *args,
							Oid table, const char *comment);
extern void m2m_rule_trigger(Oid relid, const char *trigger,
							 const char *when, Oid condition,
							 const M2mRuleKind *kind, List *args,
							 const char *comment);
extern char *m2m_rule_row_trigger(Oid endpoint, const char *rule);
extern void m2m_rule_remove(M2mRule *rule);
extern void m2m_rule_append_column(StringInfo columns, M2mRelationship *rel,
								   AttrNumber attnum, const char *more);
extern Oid	m2m_rule_make_table(M2mRelationship *rel, const char *name,
								List *names, const char *columns,
								const char *comment);
extern void m2m_rule_mark(M2mRelationship *rel, Oid table,
						  const M2mRuleKind *kind, List *args,
						  const char *comment);
extern bool m2m_rule_keys_fit(M2mRule *rule);
extern void m2m_rule_end_table(M2mRule *rule, bool keep);
extern void m2m_rule_end_row_trigger(M2mRule *rule, bool keep);
extern void m2m_rule_drop_trigger(Oid relid, Oid trigger);
extern char *m2m_rule_call(M2mRule *rule, const char *function,
						   const char *arguments);

/* symmetric.c */
extern List *m2m_symmetric_lacking(M2mRelationship *rel);
extern void m2m_symmetric_pause(int more);

/* one file, and one of these, for each kind */
extern const M2mRuleKind m2m_limit_kind;
extern const M2mRuleKind m2m_counter_kind;
extern const M2mRuleKind m2m_history_kind;
extern const M2mRuleKind m2m_notice_kind;
extern const M2mRuleKind m2m_order_kind;
extern const M2mRuleKind m2m_symmetric_kind;
extern const M2mRuleKind m2m_orphan_kind;

/* limit.c */
extern bool m2m_limit_has_most(M2mRule *rule);
extern void m2m_limit_lock_linked(M2mRule *rule, M2mRuleChange *change);

/* order.c */
extern void m2m_order_before_count(M2mRelationship *rel,
								   M2mRuleChange *change);

#endif							/* M2M_RULE_INTERNAL_H */
