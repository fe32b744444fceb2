/*
 * link_kept.c
 *		The general path: its statements as kept plans, which hang on the
 *		description of their relationship, and executing them.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/memutils.h"

#include "execute.h"
#include "link_internal.h"
#include "m2m.h"

/*
 * Kept plans of one relationship for sets of columns, from one transaction to
 * the next.  Whoever gives a link one of ten properties, or some of them, has a
 * thousand sets.
 */
#define MAX_COLUMN_PLANS 256

/* The plan of a statement for a set of columns. */
typedef struct ColumnPlan
{
	int			statement;		/* see M2mColumnStatement */
	M2mSide		near;			/* of the link view, where it matters */
	List	   *columns;		/* attribute numbers */
	SPIPlanPtr	plan;			/* NULL: to be prepared */
	uint64		used;			/* when last, by M2mPlans.uses */
} ColumnPlan;

/* What hangs on a description. */
typedef struct M2mPlans
{
	SPIPlanPtr	plan[M2M_NUM_STMTS][2][2];	/* [..][side], if it has one,
											 * [without times] */
	List	   *column_plans;	/* ColumnPlan */
	uint64		uses;			/* of these */
	struct PlansTrim *trim;		/* to come; NULL: not needed */
	MemoryContextCallback callback;
} M2mPlans;

/* Letting go of plans when the transaction is over. */
typedef struct PlansTrim
{
	M2mPlans   *plans;			/* NULL: they went with their description */
	MemoryContextCallback callback;
} PlansTrim;

static M2mPlans *get_plans(M2mRelationship *rel);
static void trim_later(M2mPlans *plans);
static void trim_plans(void *arg);
static int	compare_use(const ListCell *a, const ListCell *b);
static void free_slot(void *arg);
static void free_plans(void *arg);
static void prepare_context(void *arg);
static ParamListInfo make_parameter(SPIPlanPtr plan, Datum value);

/*
 * m2m_stmt_execute: runs one of the kept statements; returns the rows
 * processed.  side is that of the row whose links it is about, and anything
 * where a statement is about pairs.
 */
int64
m2m_stmt_execute(M2mRelationship *rel, M2mStatement statement, M2mSide side,
				 Datum *values, bool read_only)
{
	m2m_plan_run(m2m_stmt_plan(rel, statement, side), values, read_only);
	return SPI_processed;
}

/*
 * m2m_stmt_count: the same of a statement that returns a count; returns that.
 */
int64
m2m_stmt_count(M2mRelationship *rel, M2mStatement statement, M2mSide side,
			   Datum *values, bool read_only)
{
	bool		isnull;

	m2m_stmt_execute(rel, statement, side, values, read_only);
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 1, &isnull));
}

/*
 * m2m_stmt_plan: the kept plan of a statement, prepared on first use.
 *
 * Names in its text cannot be stale: whatever renames them makes the
 * description invalid, and the association is locked before a valid one is
 * taken.  Other changes are the plan cache's business.
 */
SPIPlanPtr
m2m_stmt_plan(M2mRelationship *rel, M2mStatement statement, M2mSide side)
{
	SPIPlanPtr *plan;
	Oid			types[2 * INDEX_MAX_KEYS];
	bool		parameters[2] = {false, false};
	StringInfoData sql;
	int			nargs = 0;

	/* one without the times, for who may not fill them in */
	plan = &get_plans(rel)->plan[statement][side][m2m_stamped(rel) == NIL];
	if (*plan != NULL)
		return *plan;

	switch (statement)
	{
		case M2M_STMT_LINK_ONE:
		case M2M_STMT_UNLINK_ONE:
		case M2M_STMT_LINKED:
			parameters[M2M_LEFT] = parameters[M2M_RIGHT] = true;
			break;
		case M2M_STMT_COUNT:
		case M2M_STMT_CLEAR_ONE:
		case M2M_STMT_SET_UNLINK:
		case M2M_STMT_SET_FAR:
		case M2M_STMT_SET_EACH:
			parameters[side] = true;
			break;
		case M2M_STMT_SET_LINK:
			parameters[side] = OidIsValid(rel->mirror) && !rel->has_rules;
			break;
		default:
			break;
	}
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; parameters[s] && i < rel->side[s].nkeys; i++)
			types[nargs++] = rel->side[s].key[i].type;
	}
	initStringInfo(&sql);
	m2m_stmt_build(&sql, rel, statement, side);
	*plan = m2m_plan_prepare(sql.data, nargs, types);
	return *plan;
}

/*
 * m2m_plan_prepare: a kept plan of one statement, generic from the first use:
 * what we look up by is a key.  Needs an SPI connection; the plan outlives it,
 * and whoever keeps it sees to its end.  Errors: those of parse analysis and
 * rewriting, of which 428C9 gets a hint of ours; rights are asked at execution.
 */
SPIPlanPtr
m2m_plan_prepare(const char *sql, int nargs, Oid *types)
{
	ErrorContextCallback context;
	SPIPlanPtr	plan;

	context.callback = prepare_context;
	context.arg = NULL;
	context.previous = error_context_stack;
	error_context_stack = &context;
	plan = SPI_prepare_cursor(sql, nargs, types, CURSOR_OPT_GENERIC_PLAN);

	/* after an error whoever catches it sets the stack back */
	error_context_stack = context.previous;
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed for \"%s\": %s", sql,
			 SPI_result_code_string(SPI_result));
	SPI_keepplan(plan);
	return plan;
}

/*
 * prepare_context: the rewriter's hint at OVERRIDING SYSTEM VALUE is for
 * whoever writes the statement, which is us.
 */
static void
prepare_context(void *arg)
{
	if (geterrcode() == ERRCODE_GENERATED_ALWAYS)
		errhint("Leave the column out here. An identity column takes a value by INSERT ... OVERRIDING SYSTEM VALUE into the table itself.");
}

/*
 * m2m_plan_slot: where the kept plan of a statement for a set of columns
 * belongs; NULL there means that the caller has to prepare it.  Good until the
 * transaction ends.
 */
SPIPlanPtr *
m2m_plan_slot(M2mRelationship *rel, int statement, M2mSide near,
			  List *columns)
{
	M2mPlans   *plans = get_plans(rel);
	ColumnPlan *slot;
	MemoryContext old;
	ListCell   *lc;

	foreach(lc, plans->column_plans)
	{
		slot = lfirst(lc);
		if (slot->statement == statement && slot->near == near &&
			equal(slot->columns, columns))
		{
			slot->used = ++plans->uses;
			return &slot->plan;
		}
	}
	if (list_length(plans->column_plans) >= MAX_COLUMN_PLANS)
		trim_later(plans);

	/*
	 * With its plan still missing: preparing may fail, and the next call
	 * tries again.  Slots are allocated one by one, so that the pointer given
	 * stays good when a statement inside adds others.
	 */
	old = MemoryContextSwitchTo(CacheMemoryContext);
	slot = palloc0(sizeof(ColumnPlan));
	slot->statement = statement;
	slot->near = near;
	slot->columns = list_copy(columns);
	slot->used = ++plans->uses;
	MemoryContextSwitchTo(rel->context);
	plans->column_plans = lappend(plans->column_plans, slot);
	MemoryContextSwitchTo(old);
	return &slot->plan;
}

/*
 * trim_later: has the plans for sets of columns that were not used for the
 * longest time go when the transaction is over.  Not now: a call further up the
 * stack may have one in hand.  Put aside until then, each would be prepared
 * again, and put aside again, as often as a long transaction comes by its set.
 */
static void
trim_later(M2mPlans *plans)
{
	PlansTrim  *trim;

	if (plans->trim != NULL)
		return;
	trim = MemoryContextAllocZero(TopTransactionContext, sizeof(PlansTrim));
	trim->plans = plans;
	trim->callback.func = trim_plans;
	trim->callback.arg = trim;
	MemoryContextRegisterResetCallback(TopTransactionContext,
									   &trim->callback);
	plans->trim = trim;
}

/* trim_plans: a reset callback; allocates nothing. */
static void
trim_plans(void *arg)
{
	M2mPlans   *plans = ((PlansTrim *) arg)->plans;

	if (plans == NULL)
		return;
	plans->trim = NULL;
	list_sort(plans->column_plans, compare_use);
	for (int i = MAX_COLUMN_PLANS; i < list_length(plans->column_plans); i++)
		free_slot(list_nth(plans->column_plans, i));
	plans->column_plans = list_truncate(plans->column_plans, MAX_COLUMN_PLANS);
}

/* compare_use: of list_sort(); the last used first. */
static int
compare_use(const ListCell *a, const ListCell *b)
{
	const ColumnPlan *left = lfirst(a);
	const ColumnPlan *right = lfirst(b);

	return left->used > right->used ? -1 : left->used < right->used;
}

/* free_slot: a plan for a set of columns, and what it is known by. */
static void
free_slot(void *arg)
{
	ColumnPlan *slot = arg;

	if (slot->plan != NULL)
		SPI_freeplan(slot->plan);
	list_free(slot->columns);
	pfree(slot);
}

/*
 * get_plans: the kept plans of a description, none at first.
 */
static M2mPlans *
get_plans(M2mRelationship *rel)
{
	M2mPlans   *plans = rel->plans;

	/*
	 * Plans are no memory of the description's: SPI_keepplan() has put them
	 * under CacheMemoryContext, and the plan cache knows them.  So it takes a
	 * callback to have them go when it goes.
	 */
	if (plans == NULL)
	{
		plans = MemoryContextAllocZero(rel->context, sizeof(M2mPlans));
		plans->callback.func = free_plans;
		plans->callback.arg = plans;
		MemoryContextRegisterResetCallback(rel->context, &plans->callback);
		rel->plans = plans;
	}
	return plans;
}

/*
 * free_plans: a description is going, and its plans with it: a reset callback.
 * Descriptions go when their transaction is over, and no plan of theirs runs.
 */
static void
free_plans(void *arg)
{
	M2mPlans   *plans = arg;
	ListCell   *lc;

	if (plans->trim != NULL)
		plans->trim->plans = NULL;
	for (int i = 0; i < M2M_NUM_STMTS; i++)
	{
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			for (int j = 0; j < 2; j++)
			{
				if (plans->plan[i][s][j] != NULL)
					SPI_freeplan(plans->plan[i][s][j]);
			}
		}
	}
	foreach(lc, plans->column_plans)
		free_slot(lfirst(lc));
}

/*
 * m2m_plan_run: executes a plan; the result is in SPI_processed and
 * SPI_tuptable.
 */
void
m2m_plan_run(SPIPlanPtr plan, Datum *values, bool read_only)
{
	int			result = SPI_execute_plan(plan, values, NULL, read_only, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s",
			 SPI_result_code_string(result));
}

/*
 * m2m_plan_run_latest: executes a plan that only reads with the latest
 * snapshot, also in REPEATABLE READ and above, own changes included.  With a
 * receiver, the plan has one parameter at most, and the result goes there.
 */
void
m2m_plan_run_latest(SPIPlanPtr plan, Datum *values, DestReceiver *receiver)
{
	bool		read_only = m2m_latest_begin(plan);
	int			result;

	if (receiver != NULL)
	{
		SPIExecuteOptions options = {.read_only = read_only,.dest = receiver};

		if (values != NULL)
			options.params = make_parameter(plan, values[0]);
		result = SPI_execute_plan_extended(plan, &options);
	}
	else
		result = SPI_execute_plan(plan, values, NULL, read_only, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s",
			 SPI_result_code_string(result));
	m2m_latest_end(read_only);
}

/* make_parameter: a plan's only parameter. */
static ParamListInfo
make_parameter(SPIPlanPtr plan, Datum value)
{
	ParamListInfo result = makeParamList(1);

	result->params[0].value = value;
	result->params[0].isnull = false;
	result->params[0].pflags = PARAM_FLAG_CONST;
	result->params[0].ptype = SPI_getargtypeid(plan, 0);
	return result;
}
