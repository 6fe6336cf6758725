/** The port `Webhook` over HTTP: one POST for each notice, as a Teams card or as plain JSON. Its address is a secret. */

import { inUtc, type Notice } from '../../domain/notice/notice.ts';
import { cutText, messageOf } from '../../domain/text.ts';
import type { Webhook } from '../../ports/webhook.ts';
import { sendOnce } from '../http/send-once.ts';

const timeLimit = 10_000;
/** Nothing is read from an answer but its status. */
const mostBytes = 1_024;

/** `address` is asked for with each notice: a vault may hold it. It must be https; plain http is for this machine alone. */
export function webhookClient(address: () => Promise<string>): Webhook {
  return {
    async post(notice) {
      let url: URL;
      try {
        url = readAddress(await address());
      } catch (error) {
        return { kind: 'refused', of: 'all', why: `its address is not known: ${messageOf(error)}.` };
      }
      const sent = await sendOnce({
        method: 'POST',
        url,
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': asHeader(notice.id) },
        body: JSON.stringify(webhookBody(url, notice)),
        timeout: timeLimit,
        maxBytes: mostBytes,
        mayLeave: () => true,
      });
      if (sent.kind !== 'answer') {
        const failure = sent.kind === 'no-answer' ? sent.failure : 'it was held back';
        return { kind: 'refused', of: 'all', why: `${url.hostname} gave no answer: ${failure}.` };
      }
      const { status } = sent;
      if (status >= 200 && status < 300) return { kind: 'accepted' };
      const why = `${url.hostname} answered ${status}.`;
      return { kind: 'refused', of: [400, 413, 422].includes(status) ? 'content' : 'all', why };
    },
  };
}

/** Throws in words that hold no part of the address. */
function readAddress(text: string): URL {
  const address = text.trim();
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isLocal = url?.hostname === '127.0.0.1' || url?.hostname === 'localhost';
  if (url === undefined || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)))
    throw new Error('it must be an https address');
  return url;
}

/** The hosts of the workflows that post to Teams. Source: "Create incoming webhooks with Workflows for Microsoft Teams". */
const isTeams = ({ hostname }: URL): boolean =>
  /\.(logic\.azure\.(com|us|cn)|api\.powerplatform\.com|webhook\.office\.com)$/.test(hostname);

/** What is posted to this address. */
export const webhookBody = (url: URL, notice: Notice): object =>
  isTeams(url) ? toTeams(notice) : toJson(notice);

/** A header holds ASCII alone. Ids are ASCII but for what a row edited by hand may hold. */
const asHeader = (id: string): string => cutText(id.replace(/[^\x20-\x7e]/g, '?'), 200);

/** Times are ISO 8601. */
const toJson = ({ since, ...notice }: Notice) => ({
  ...notice,
  since: Number.isFinite(since) ? new Date(since).toISOString() : undefined,
});

/** An Adaptive Card in the envelope that the workflow "When a Teams webhook request is received" expects. */
function toTeams({ id, title, what, since, howMany, doing, command, runbook }: Notice) {
  const block = (text: string, more: object = {}) => ({ type: 'TextBlock', text, wrap: true, ...more });
  const fact = (name: string, value: string) => ({ title: name, value: plain(value) });
  return {
    type: 'message',
    id,
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            block(plain(title), { weight: 'Bolder', size: 'Medium' }),
            ...what.map((line) => block(plain(line))),
            {
              type: 'FactSet',
              facts: [
                fact('Since', inUtc(since)),
                fact('How many', String(howMany)),
                fact('The worker', doing),
                fact('Type', command),
                fact('Runbook', runbook),
                fact('Notice', id),
              ],
            },
          ],
          ...(runbook.startsWith('https://')
            ? { actions: [{ type: 'Action.OpenUrl', title: 'Runbook', url: runbook }] }
            : {}),
        },
      },
    ],
  };
}

/** Cards read Markdown: a text from outside must make no link and no picture. */
const plain = (text: string): string => text.replace(/[\\`*_[\]()<>#!|~]/g, String.raw`\$&`);
