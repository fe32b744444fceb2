/*
 * seek_keys.c
 *		Keys of rows by what they are linked to, one at a time: m2m_seek.
 *
 * The same as m2m_find (find.c), but for whoever fetches the rows himself, by
 * a join with their table, and may stop when he has enough: nothing is looked
 * for before it is asked for.  Keys come from the association's indexes
 * (seek.c) or, where that declines, from a cursor on the SELECT of find_text.c.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "executor/spi.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "m2m.h"
#include "question_internal.h"
#include "text.h"

/* Keys that a cursor fetches at once: at first, and at most. */
#define FIRST_KEYS 10
#define MOST_KEYS 1000

struct M2mKeys
{
	MemoryContext context;		/* of all that lasts from key to key */
	M2mFind		find;
	M2mSeek    *seek;			/* or NULL, and then: */
	char	   *cursor;			/* the portal's name; NULL: no more to fetch */
	MemoryContext batch;		/* of the keys that it has fetched */
	Datum	   *key;
	int			n;
	int			next;			/* of them */
	int			rows;			/* to be fetched next */
	bool		typbyval;
	int16		typlen;
};

static void open_cursor(M2mKeys *keys);
static void fetch(M2mKeys *keys);
static M2mIds *last_key(M2mKeys *keys);

/*
 * m2m_keys_begin: gets ready to find the keys that a question asks for, which
 * was checked (m2m_find_check()).  Everything is in CurrentMemoryContext, where
 * the ids have to last as well; the caller holds the association in ACCESS
 * SHARE.  Reads by the active snapshot, now and later.  To be ended by
 * m2m_keys_end(), but for errors.
 *
 * A key is one value; of a composite one it is the row, of the table's type, in
 * which the key's columns are set.
 */
M2mKeys *
m2m_keys_begin(M2mFind *find)
{
	M2mKeys    *keys = palloc0(sizeof(M2mKeys));

	keys->context = CurrentMemoryContext;
	keys->find = *find;

	/* nothing is linked to more ids than there are */
	if (find->any_of != NULL && find->at_least > find->any_of->count)
		return keys;
	keys->seek = m2m_seek_begin(find);
	if (keys->seek == NULL)
		open_cursor(keys);
	return keys;
}

/*
 * m2m_keys_next: the next key, in ascending order; false if there is none.
 * It is good until the next call.
 */
bool
m2m_keys_next(M2mKeys *keys, Datum *key)
{
	if (keys->seek != NULL)
		return m2m_seek_next(keys->seek, key);
	if (keys->next == keys->n && keys->cursor != NULL)
		fetch(keys);
	if (keys->next == keys->n)
		return false;
	*key = keys->key[keys->next++];
	return true;
}

/* m2m_keys_end: lets go of everything but locks and memory. */
void
m2m_keys_end(M2mKeys *keys)
{
	Portal		portal;

	if (keys->seek != NULL)
		m2m_seek_end(keys->seek);
	keys->seek = NULL;
	if (keys->cursor == NULL)
		return;
	portal = SPI_cursor_find(keys->cursor);
	if (PortalIsValid(portal))
		SPI_cursor_close(portal);
	keys->cursor = NULL;
}

/*
 * open_cursor: a portal of its own, which the SPI connection does not take
 * along.  Its SELECT returns rows, so a single key is taken out of them.
 */
static void
open_cursor(M2mKeys *keys)
{
	M2mParameters parameters = {0};
	M2mEndpoint *endpoint = &keys->find.rel->side[keys->find.side];
	char	   *sql = m2m_find_text(&keys->find, &parameters);
	Oid			type = get_rel_type_id(endpoint->relid);
	Portal		portal;

	if (endpoint->nkeys == 1)
	{
		type = endpoint->key[0].type;
		sql = psprintf("SELECT (q.e).%s FROM (%s) q",
					   m2m_quoted_column(endpoint->relid,
										 endpoint->key[0].attnum), sql);
	}
	get_typlenbyval(type, &keys->typlen, &keys->typbyval);
	if (keys->batch == NULL)
	{
		keys->batch = AllocSetContextCreate(keys->context, "m2m keys",
											ALLOCSET_DEFAULT_SIZES);
		keys->rows = FIRST_KEYS;
	}
	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, sql, parameters.n,
									   parameters.type, parameters.value,
									   NULL, true, 0);
	keys->cursor = MemoryContextStrdup(keys->context, portal->name);
	SPI_finish();
}

/*
 * fetch: some more keys from the cursor, which ends when there are none.
 *
 * Our cursor goes with the subtransaction in which it was opened, as the user's
 * own, from which we are called, need not do: then another goes on behind the
 * last key, by the same snapshot.
 */
static void
fetch(M2mKeys *keys)
{
	Portal		portal = SPI_cursor_find(keys->cursor);
	MemoryContext old;

	if (!PortalIsValid(portal))
	{
		if (keys->n > 0)
			keys->find.after = last_key(keys);
		open_cursor(keys);
		portal = SPI_cursor_find(keys->cursor);
	}
	MemoryContextReset(keys->batch);
	SPI_connect();
	SPI_cursor_fetch(portal, true, keys->rows);
	keys->rows = Min(keys->rows * 2, MOST_KEYS);
	keys->n = SPI_processed;
	keys->next = 0;
	old = MemoryContextSwitchTo(keys->batch);
	keys->key = palloc_array(Datum, keys->n + 1);
	for (int i = 0; i < keys->n; i++)
	{
		bool		isnull;
		Datum		key = SPI_getbinval(SPI_tuptable->vals[i],
										SPI_tuptable->tupdesc, 1, &isnull);

		Assert(!isnull);
		keys->key[i] = datumCopy(key, keys->typbyval, keys->typlen);
	}
	MemoryContextSwitchTo(old);
	if (keys->n == 0)
	{
		SPI_cursor_close(portal);
		keys->cursor = NULL;
	}
	SPI_finish();
}

/* last_key: the last key that was fetched, as an id that lasts. */
static M2mIds *
last_key(M2mKeys *keys)
{
	Datum		key = keys->key[keys->n - 1];
	M2mEndpoint *endpoint = &keys->find.rel->side[keys->find.side];
	MemoryContext old = MemoryContextSwitchTo(keys->context);
	M2mIds	   *ids = palloc0(sizeof(M2mIds));

	ids->nkeys = endpoint->nkeys;
	ids->count = 1;
	ids->value = palloc_array(Datum, ids->nkeys);
	for (int i = 0; i < ids->nkeys; i++)
	{
		M2mKeyColumn *column = &endpoint->key[i];
		Datum		value = key;
		bool		isnull;

		if (ids->nkeys > 1)
			value = GetAttributeByNum(DatumGetHeapTupleHeader(key),
									  column->attnum, &isnull);
		ids->value[i] = datumCopy(value, column->typbyval, column->typlen);
	}
	MemoryContextSwitchTo(old);
	return ids;
}
