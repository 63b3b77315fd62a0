// The worker as a file, for pages whose policy forbids workers made from text.
import { columnsOf } from './columns';
import { outbox, type OutboxPort } from './outbox';

outbox(self as unknown as OutboxPort, columnsOf);
