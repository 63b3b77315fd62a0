// What the server sends must be what the app believes that it sends: each line fails to compile
// when the answer of the document is not assignable to the type that the app uses. Types only;
// nothing of this file reaches the browser.
import type * as app from './types';
import type * as issues from '$lib/issues/types';
import type * as users from '$lib/users/types';
import type { CaptureAnswer } from '$lib/settings/capture';
import type { Facet, Suggestion, ValueSuggestion } from '$lib/search/search-api';
import type * as schema from '@reenact/client/schema';

type Fits<Sent extends Believed, Believed> = Sent;
type Answer<Operation extends keyof schema.Operations> = schema.Operations[Operation]['answer'];
type Body<Operation extends keyof schema.Operations> = schema.Operations[Operation]['body'];

export type Checked = [
  Fits<Answer<'GET /api/v1/me'>, app.Me>,
  Fits<Answer<'GET /api/v1/projects'>, { projects: app.Project[] }>,
  Fits<app.SetUpRequest, Body<'POST /api/v1/setup'>>,
  Fits<Answer<'GET /api/v1/replays'>, app.ReplayPage>,
  Fits<Answer<'GET /api/v1/replays/{id}'>, app.Replay>,
  Fits<Answer<'GET /api/v1/replays/{id}/neighbours'>, app.Neighbours>,
  Fits<Answer<'GET /api/v1/replays/{id}/manifest'>, app.Manifest>,
  Fits<Answer<'GET /api/v1/replays/{id}/viewers'>, { viewers: app.Viewer[] }>,
  Fits<Answer<'GET /api/v1/replays/{id}/comments'>, { comments: app.Comment[] }>,
  Fits<Answer<'GET /api/v1/replays/{id}/errors'>, issues.ErrorList>,
  Fits<Answer<'GET /api/v1/replays/{id}/spans'>, issues.SpanList>,
  Fits<app.Rating, Body<'PUT /api/v1/replays/{id}/rating'>>,
  Fits<Answer<'GET /api/v1/me/settings'>, app.PersonSettings>,
  Fits<Partial<app.PersonSettings>, Body<'PUT /api/v1/me/settings'>>,
  Fits<Answer<'GET /api/v1/summary'>, app.Summary>,
  Fits<Answer<'GET /api/v1/tokens'>, { tokens: app.ApiToken[] }>,
  Fits<app.NewToken, Body<'POST /api/v1/tokens'>>,
  Fits<Answer<'GET /api/v1/projects/{id}/ingest-status'>, app.IngestStatus>,
  Fits<Answer<'GET /api/v1/settings'>, CaptureAnswer>,
  Fits<Answer<'GET /api/v1/issues'>, issues.IssuePage>,
  Fits<Answer<'GET /api/v1/issues/{id}'>, issues.IssueDetail>,
  Fits<Answer<'GET /api/v1/users'>, users.UserPage>,
  Fits<Answer<'GET /api/v1/users/{id}'>, users.UserDetail>,
  Fits<Answer<'GET /api/v1/users/{id}/events'>, users.EventPage>,
  Fits<Answer<'GET /api/v1/replays/facets'>, { facets: Facet[] }>,
  Fits<Answer<'GET /api/v1/search/names'>, { names: Suggestion[] }>,
  Fits<Answer<'GET /api/v1/search/values'>, { values: ValueSuggestion[] }>,
  Fits<schema.Error, app.ErrorBody>,
];
