/** A guard of the protocol, and how its source reads without it. */
export interface Mutation {
  /** What is left out. */
  readonly name: string;
  readonly file: string;
  /** Must be in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** More edits of the same file, after the first. */
  readonly also?: readonly { readonly find: string; readonly replace: string }[];
  /** The scenario to begin with, where a random search would take long. */
  readonly scenario?: string;
}

export const mutations: readonly Mutation[] = [
  {
    name: 'Claim: with If-Match',
    file: 'src/checkout/claimed.ts',
    find: 'const written = await deps.ledger.replace(leased, found.etag, leaseId);',
    replace:
      'const etag = (await deps.ledger.read(leased))?.etag ?? found.etag;\n  const written = await deps.ledger.replace(leased, etag, leaseId);',
    scenario: 'doubled-replay',
  },
  {
    name: 'Claim: a lease of another is waited for',
    file: 'src/checkout/claim.ts',
    find: "if (leasedUntil !== undefined) return { kind: 'leased', until: leasedUntil };",
    replace: '',
  },
  {
    name: 'Claim: settled is never submitted',
    file: 'src/checkout/claim.ts',
    find: "if (isSettled(record.state)) return { kind: 'settled' };",
    replace: "if (record.state === 'ordered') return { kind: 'settled' };",
  },
  {
    name: 'Claim: an older ticket is a twin',
    file: 'src/checkout/claim.ts',
    find: 'if (delivery.ticket < record.ticket)',
    replace: 'if (delivery.ticket < 0)',
    scenario: 'review-replay',
  },
  {
    name: 'Claim: a lost copy is revived',
    file: 'src/checkout/claim.ts',
    find: "copyIsLost(record, now, times) ? 'revive' : 'twin'",
    replace: "'twin'",
    scenario: 'purged',
  },
  {
    name: 'Claim: evidence when it may have been bought',
    file: 'src/checkout/claim.ts',
    find: "inDoubt: record.state !== 'waiting'",
    replace: 'inDoubt: false',
  },
  {
    name: 'Claim: a copy before its next try is parked again',
    file: 'src/checkout/claim.ts',
    find: 'record.nextTry > now && delivery.found.length === 0',
    replace: 'record.nextTry < 0',
  },
  {
    name: 'Sticky: unresolved stays unresolved until it is known',
    scenario: 'lost-throttled-refused-replay',
    file: 'src/checkout/transitions.ts',
    find: "doubt: 'unresolved', wait: 'unresolved',",
    replace: "doubt: 'unresolved', wait: 'waiting',",
  },
  {
    name: 'Last send: written by the take-over from waiting',
    scenario: 'throttled-outlasts-rebuy',
    file: 'src/checkout/claim-job.ts',
    find: '...(sends ? { lastSend: now } : {}),',
    replace: '',
  },
  {
    name: 'Last send: written before a repeat',
    scenario: 'reset-outlasts-rebuy',
    file: 'src/checkout/find-out.ts',
    find: '      lastSend: now,\n',
    replace: '',
  },
  {
    name: 'Last send: never moved by a look',
    file: 'src/checkout/claim-job.ts',
    find: '...(sends ? { lastSend: now } : {}),',
    replace: 'lastSend: now,',
  },
  {
    name: 'Request id: kept after no answer',
    file: 'src/checkout/submit.ts',
    find: 'requestId: answeredWithCode(outcome) ? chance.guid() : requestId,',
    replace: 'requestId: chance.guid(),',
    scenario: 'remembered',
  },
  {
    name: 'Fence: asked once more when the token has come',
    file: 'src/checkout/submit.ts',
    find: "if (fenceNow(run, held, slot) !== 'go') return false;",
    replace: '',
    scenario: 'slow-token-replay',
  },
  {
    name: 'Fence: the lease lasts as long as the call',
    file: 'src/checkout/fence.ts',
    find: "if (lease?.id !== held.leaseId || now + times.callTimeout > lease.until) return 'claim-again';",
    replace: '',
  },
  {
    name: 'Batch: nothing is sent once it is stopped',
    file: 'src/checkout/join-batch.ts',
    find: 'return summary?.stopped;',
    replace: 'return undefined;',
    also: [{ find: 'return (await found.summary)?.stopped;', replace: 'return undefined;' }],
    scenario: 'stopped-replay',
  },
  {
    name: 'Batch: finished only when every line is final',
    file: 'src/orders/poll-batch.ts',
    find: 'if (!isOver(entry)) return undefined;',
    replace: '',
    scenario: 'batch-replay',
  },
  {
    name: 'Batch: finished only when every line was seen',
    file: 'src/orders/poll-batch.ts',
    find: 'return counter.known() < total ? undefined : counter.counts(total);',
    replace: 'return counter.counts(total);',
    scenario: 'batch-late-replay',
  },
  {
    name: 'Batch: the due row comes before the summary',
    file: 'src/checkout/join-batch.ts',
    find: 'await dueRows.insert([own]);',
    replace: '',
    scenario: 'batch-replay',
  },
  {
    name: 'Fence: not past notAfter',
    file: 'src/checkout/fence.ts',
    find: "if (isLate(held.record.job.notAfter, now)) return 'too-late';",
    replace: '',
  },
  {
    name: 'Fence: a stale slot is not used',
    file: 'src/checkout/fence.ts',
    find: "if (slot === undefined || isStale(slot, now, times)) return 'new-slot';",
    replace: "if (slot === undefined) return 'new-slot';",
  },
  {
    name: 'Evidence: no repeat within the window',
    file: 'src/checkout/evidence.ts',
    find: 'now < idleAt',
    replace: 'now < 0',
  },
  {
    name: 'Window: it begins when the call may have left last',
    file: 'src/checkout/window.ts',
    find: 'lastSend + lease - callTimeout;',
    replace: 'lastSend + 0 * (lease - callTimeout);',
    scenario: 'slow-gate-rebuy',
  },
  {
    name: 'Evidence: the setting that allows the repeat of an ordered cart',
    file: 'src/checkout/evidence.ts',
    find: '    rules.repeatOrderedCart &&\n    isUntold(record) &&',
    replace: '    isUntold(record) &&',
    scenario: 'lost-rebuy',
  },
  {
    name: 'Evidence: a refusal that tells nothing leaves the repeat open',
    file: 'src/checkout/conclude.ts',
    find: "as: inDoubt ? 'refused' : 'refused-once'",
    replace: "as: 'refused'",
    scenario: 'odd-refusal-replay',
  },
  {
    name: 'Evidence: a refusal that tells nothing is reconciled first',
    file: 'src/checkout/conclude.ts',
    find: 'if (!inDoubt && !outcome.reconcileFirst) return',
    replace: 'if (!inDoubt) return',
    scenario: 'odd-refusal-replay',
  },
  {
    name: 'Evidence: a permanent answer while unknown is no end',
    file: 'src/checkout/conclude.ts',
    find: 'if (!inDoubt && !outcome.reconcileFirst) return',
    replace: 'if (!outcome.reconcileFirst) return',
    scenario: 'refused-replay',
  },
  {
    name: 'Evidence: no list is no empty list',
    file: 'src/checkout/look.ts',
    find: "if (orders.kind === 'gone') return { ...orders, kind: 'refused' };\n  const listed = orders.value;",
    replace: "const listed = orders.kind === 'gone' ? [] : orders.value;",
  },
  {
    name: 'Too late: nothing is sent past notAfter, a repeat neither',
    file: 'src/checkout/evidence.ts',
    find: '    !isOver(findings)\n  );',
    replace: '    true\n  );',
  },
  {
    name: 'Evidence: quiet before some groups count as failed',
    file: 'src/checkout/evidence.ts',
    find: "const endsAt = status === 'gone' ? goneFrom(findings, rules.times) : quietAt;",
    replace: "const endsAt = status === 'gone' ? goneFrom(findings, rules.times) : 0;",
  },
  {
    name: 'Evidence: quiet before gone means not bought',
    file: 'src/checkout/evidence.ts',
    find: "const endsAt = status === 'gone' ? goneFrom(findings, rules.times) : quietAt;",
    replace: "const endsAt = status === 'gone' ? 0 : quietAt;",
  },
  {
    name: 'Evidence: an open twin may own what is found',
    file: 'src/checkout/evidence.ts',
    find: 'twins.some((twin) => lacks(twin, content))',
    replace: 'false',
  },
  {
    name: 'Evidence: more candidates than groups are contested',
    file: 'src/checkout/evidence.ts',
    find: 'if (candidates.length > wanted) return { assigned: [], contested: true };',
    replace: 'candidates.length = Math.min(candidates.length, wanted);',
  },
  {
    name: 'Evidence: an order of another record never counts',
    file: 'src/checkout/look.ts',
    find: '!own.has(order.id) && !books.owners.has(order.id)',
    replace: '!own.has(order.id)',
    scenario: 'one-reset-refuse',
  },
  {
    name: 'Evidence: our own books are read last',
    file: 'src/checkout/look.ts',
    find: '  const books = await ledger.customer(customerId);\n',
    replace: '',
    also: [
      {
        find: '  const { customerId, cartId } = held.record;\n',
        replace:
          '  const { customerId, cartId } = held.record;\n  const books = await ledger.customer(customerId);\n',
      },
    ],
    scenario: 'late-twin-rebuy',
  },
  {
    name: 'Evidence: at most one repeat until it is known (800065 is kept)',
    file: 'src/checkout/conclude.ts',
    find: 'return doubt(run, held, run.deps.clock.now() + pause, outcome.reason, { repeated });',
    replace: 'return doubt(run, held, run.deps.clock.now() + pause, outcome.reason, {});',
    scenario: 'lost-refuse',
  },
  {
    name: 'Evidence: a twin that can still repeat is waited for',
    file: 'src/checkout/evidence.ts',
    find: 'if (awaited.length > 0)',
    replace: 'if (awaited.length < 0)',
  },
  {
    name: 'Evidence: a repeat is done only when every group is there',
    file: 'src/checkout/conclude.ts',
    find: 'outcome.errors.length === 0 && isWhole(record, outcome.orders)',
    replace: 'outcome.errors.length === 0',
    scenario: 'people-refuse',
  },
  {
    name: 'Park: send, then write',
    file: 'src/checkout/park.ts',
    find: '  await deps.queue.send(nextTry(held.record, ticket, found, deps.chance), to.until);\n  try {',
    replace: '  try {',
    also: [
      {
        find: "    if (written !== undefined) await writeBatchRows(deps, written.record, 'not-newer');",
        replace:
          "    if (written !== undefined) await writeBatchRows(deps, written.record, 'not-newer');\n    await deps.queue.send(nextTry(held.record, ticket, found, deps.chance), to.until);",
      },
    ],
    scenario: 'throttled-replay',
  },
  {
    name: 'Result: due rows before the transaction',
    file: 'src/checkout/result.ts',
    find: "  if ((await insertDueRows(run, held.record, result.orders, firstPoll)) === 'parked') return;\n  await commit(run, held, result.orders, (record, mine) => {\n    const now = run.deps.clock.now();",
    replace:
      '  void insertDueRows(run, held.record, result.orders, firstPoll);\n  await commit(run, held, result.orders, (record, mine) => {\n    const now = run.deps.clock.now();',
  },
  {
    name: 'Result: an answer in hand waits for its due rows',
    file: 'src/checkout/result.ts',
    find: 'return (await whileLocked(run, orders, () => run.deps.dueRows.insert(rows))) ?? undefined;',
    replace: 'await run.deps.dueRows.insert(rows);\n  return undefined;',
    scenario: 'tables-away-refuse',
  },
  {
    name: 'Result: a retryable group: first the copy, then the transaction',
    file: 'src/checkout/result.ts',
    find: "  if ((await whileLocked(run, result.orders, () => deps.queue.send(copy, next.until))) === 'parked') return;\n",
    replace: '',
    scenario: 'retryable-replay',
  },
  {
    name: 'Result: the transaction has If-Match',
    file: 'src/storage/ledger-store.ts',
    find: "const recordChange: Change = { kind: 'replace', row: toRecordRow(record, writeId), etag };",
    replace: "const recordChange: Change = { kind: 'replace', row: toRecordRow(record, writeId) };",
  },
  {
    name: 'Result: orders are written whatever the lease says',
    file: 'src/checkout/result.ts',
    find: '  if (orders.length === 0 || (!lacks && isSettled(record.state))) return undefined;',
    replace: '  if (orders.length >= 0) return undefined;',
  },
  {
    name: 'Result: negatives need my claim',
    file: 'src/checkout/result.ts',
    find: 'if (mine) return settled(record, result, { now, firstPoll });',
    replace: 'if (mine || !isSettled(record.state)) return settled(record, result, { now, firstPoll });',
  },
  {
    name: 'Result: an order of another cart is never taken',
    file: 'src/storage/ledger-store.ts',
    find: "return ours.has(order.id) ? { kind: 'replace', row } : { kind: 'insert', row };",
    replace: "return ours.size < 0 ? { kind: 'insert', row } : { kind: 'replace', row };",
  },
  {
    name: 'Read-back: the same writeId was us',
    file: 'src/storage/ledger-store.ts',
    find: "return row?.properties['writeId'] === writeId ? written(record, row.etag) : undefined;",
    replace: 'return row?.etag === writeId ? written(record, row.etag) : undefined;',
  },
  {
    name: 'Tail: run again for a redelivery or a copy',
    file: 'src/checkout/run-job.ts',
    find: 'if (delivery.mayHaveTail) await runTail(run.deps, claimed.record);',
    replace: '',
  },
  {
    name: 'Tail: rows are written only if theirs is older',
    file: 'src/checkout/tail.ts',
    find: "  await writeBatchRows(deps, record, 'older');\n  await writeAttention(deps, record);",
    replace: '  await writeAttention(deps, record);',
  },
  {
    name: 'Tail: before the message is completed',
    file: 'src/checkout/result.ts',
    find: '    await runTail(deps, record);\n  } catch',
    replace: '    void runTail(deps, record).catch(() => {});\n  } catch',
  },
  {
    name: 'Rows: only if theirs is of an older revision',
    file: 'src/storage/revisions.ts',
    find: "return when === 'older' ? stored < revision : stored <= revision;",
    replace: 'return true;',
  },
  {
    name: 'Rows: a question only if the row is not newer',
    file: 'src/storage/revisions.ts',
    find: "return when === 'older' ? stored < revision : stored <= revision;",
    replace: "return when === 'older' ? stored < revision : true;",
  },
  {
    name: 'Poll: the ledger in every transaction, with If-Match',
    file: 'src/orders/poll-order.ts',
    find: 'const committed = await ledger.commit({ record: named, etag, orders: [order], writeId: chance.guid() });',
    replace:
      'const newest = (await ledger.read(row))?.etag ?? etag;\n    const committed = await ledger.commit({ record: named, etag: newest, orders: [order], writeId: chance.guid() });',
  },
  {
    name: 'Poll: only an ordered record is finalised',
    file: 'src/orders/after-poll.ts',
    find: 'if (!isSettled(record.state)) return',
    replace: "if (record.state === 'submitting') return",
  },
  {
    name: 'Poll: a status only moves forward',
    file: 'src/orders/order.ts',
    find: 'return isTerminal(known) ? known : read;',
    replace: 'return read;',
  },
  {
    name: 'Poll: the due row is dropped last, after the tail',
    file: 'src/orders/poll-order.ts',
    find: '        await runTail(deps, named);\n        await dueRows.drop(row);',
    replace: '        await dueRows.drop(row);\n        await runTail(deps, named);',
  },
  {
    name: 'Poll: the row of a terminal order still runs the tail',
    file: 'src/orders/poll-order.ts',
    find: '    await runTail(deps, record);\n    await dueRows.drop(row);',
    replace: '    await dueRows.drop(row);',
  },
  {
    name: 'Poll: a row whose order is not in the record yet stays',
    file: 'src/orders/poll-order.ts',
    find: 'if (mark === undefined && !isSettled(record.state)) return later(deps, row);',
    replace:
      "if (mark === undefined && !isSettled(record.state)) {\n    await dueRows.drop(row);\n    return { kind: 'dropped' };\n  }",
  },
  {
    name: 'Poll: a row that a missing row is named for counts as current',
    file: 'src/orders/poll-order.ts',
    find: ' && (await dueRows.exists(mark.dueRow))',
    replace: '',
  },
  {
    name: 'People: a job that waits is given up in one write',
    scenario: 'weary',
    file: 'src/checkout/claim-decision.ts',
    find: "      if (undecided.state === 'waiting') return giveUpWaiting(run, found.etag, undecided, decision.who);\n",
    replace: '',
  },
  {
    name: 'People: a decision counts once, for the record that was seen',
    file: 'src/checkout/claim.ts',
    find: 'record.state !== decision.seen || ticket !== record.ticket + 1 ||',
    replace: '',
  },
  {
    name: 'People: whoever decided too late is told',
    file: 'src/checkout/claim-job.ts',
    find: 'if (found !== undefined) await tellOvertaken(run, found.value, claim);',
    replace: '',
  },
  {
    name: 'People: "not bought" allows one repeat',
    file: 'src/checkout/find-out.ts',
    find: 'const { repeatAllowed: _, ...rest } = record;',
    replace: 'const rest = record;',
  },
  {
    name: 'People: an order of another record is refused',
    file: 'src/checkout/decide.ts',
    find: 'if (owner !== undefined && owner !== cartId)',
    replace: "if (owner === '')",
  },
  {
    name: 'People: an order of another customer is refused',
    file: 'src/checkout/decide.ts',
    find: 'if (read.value.id !== orderId || (read.value.customerId ?? customerId).toLowerCase() !== customerId)',
    replace: 'if (read.value.id !== orderId)',
  },
  {
    name: 'People: names outlast a read that had to wait',
    file: 'src/checkout/decide.ts',
    find: "park(run, held, { step: 'doubt', until, why, found })",
    replace: "park(run, held, { step: 'doubt', until, why })",
  },
  {
    name: 'People: who gave up may have bought it',
    file: 'src/checkout/settle.ts',
    find: '...(result.gaveUp === true ? { gaveUp: true } : {}),',
    replace: '',
  },
  {
    name: 'People: a question opens its row before the park',
    file: 'src/checkout/ask.ts',
    find: "  await deps.attention.write(attentionRow(asked.record, kind, reason, evidence), 'not-newer');",
    replace: '',
  },
  {
    name: 'Gate: closed until Retry-After',
    file: 'src/gate/reports.ts',
    find: "    cause: 'throttled',\n    since: now,\n    until: opens,",
    replace: "    cause: 'throttled',\n    since: now,\n    until: now,",
  },
];
