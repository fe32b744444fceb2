/*
 * api_internal.h
 *		What the files of the SQL functions share.
 */
#ifndef M2M_API_INTERNAL_H
#define M2M_API_INTERNAL_H

#include "ids.h"
#include "question.h"

/* api_question.c: arguments of questions */
extern M2mIds *m2m_argument_ids(FunctionCallInfo fcinfo, M2mFind *find,
								int argument, M2mSide side, M2mIdForm form);

#endif							/* M2M_API_INTERNAL_H */
