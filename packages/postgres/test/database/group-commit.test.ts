import { expect, test } from 'vitest';
import { groupCommit } from '../../src/database/group-commit.ts';

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** Writes that begin and then wait until the test ends them. */
function heldWrites() {
  const batches: (readonly number[])[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const write = (items: readonly number[]) =>
    new Promise<(item: number) => string>((resolve, reject) => {
      batches.push(items);
      ends.push((error) => (error ? reject(error) : resolve((item) => `wrote ${item}`)));
    });
  const begun = async () => {
    while (ends.length === 0) await turn();
  };
  const end = async (error?: Error) => {
    await begun();
    ends.shift()?.(error);
  };
  return { batches, write, begun, end };
}

const limits = { maxBatch: 3, maxWaiting: 5, full: () => new Error('full') };

test('writes a lone item in the same turn of the event loop', async () => {
  const { batches, write } = heldWrites();
  void groupCommit(write, limits).add(1);
  await turn();
  expect(batches).toEqual([[1]]);
});

test('items that arrive in one turn share a write, in order and up to the size of a batch', async () => {
  const { batches, write, end } = heldWrites();
  const group = groupCommit(write, limits);
  const added = [1, 2, 3, 4, 5].map((item) => group.add(item));
  await end();
  await added[0];
  await end();
  const results = await Promise.all(added);
  expect(results.map((resultOf, place) => resultOf(place + 1))).toEqual(['wrote 1', 'wrote 2', 'wrote 3', 'wrote 4', 'wrote 5']);
  expect(batches).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
});

test('items that arrive during a write share the next one', async () => {
  const { batches, write, begun, end } = heldWrites();
  const group = groupCommit(write, limits);
  const first = group.add(1);
  await begun();
  const others = [group.add(2), group.add(3)];
  await turn();
  expect(batches).toEqual([[1]]);
  await end();
  await first;
  await end();
  await Promise.all(others);
  expect(batches).toEqual([[1], [2, 3]]);
});

test('waits while more items arrive with each turn, for at most four turns', async () => {
  const { batches, write, begun, end } = heldWrites();
  const group = groupCommit(write, { ...limits, maxBatch: 10, maxWaiting: 20 });
  const addEachTurn = (item: number) => {
    if (item < 7) setImmediate(() => addEachTurn(item + 1));
    void group.add(item);
  };
  addEachTurn(1);
  await begun();
  expect(batches).toEqual([[1, 2, 3, 4, 5]]);
  await end();
  await end();
  expect(batches).toEqual([
    [1, 2, 3, 4, 5],
    [6, 7],
  ]);
});

test('resolves an item only once its write has ended', async () => {
  const { write, begun, end } = heldWrites();
  const group = groupCommit(write, limits);
  let durable = false;
  const added = group.add(1).then(() => (durable = true));
  await begun();
  await turn();
  expect(durable).toBe(false);
  await end();
  await added;
  expect(durable).toBe(true);
});

test('fails the items of a failed write and continues with the others', async () => {
  const { write, begun, end } = heldWrites();
  const group = groupCommit(write, limits);
  const first = group.add(1);
  await begun();
  const second = group.add(2);
  await end(new Error('disk'));
  await expect(first).rejects.toThrow('disk');
  await end();
  expect((await second)(2)).toBe('wrote 2');
});

test('refuses items beyond the limit of waiting items', async () => {
  const { write, end } = heldWrites();
  const group = groupCommit(write, limits);
  const accepted = [1, 2, 3, 4, 5].map((item) => group.add(item));
  await expect(group.add(6)).rejects.toThrow('full');
  await end();
  await accepted[0];
  const late = group.add(7);
  await end();
  await Promise.all([...accepted, late]);
});

test('drain resolves when nothing waits and no write runs', async () => {
  const { batches, write, begun, end } = heldWrites();
  const group = groupCommit(write, limits);
  await group.drain();
  const first = group.add(1);
  await begun();
  const second = group.add(2);
  const drained = group.drain();
  await end();
  await first;
  await end();
  await drained;
  expect(batches).toEqual([[1], [2]]);
  await second;
});
