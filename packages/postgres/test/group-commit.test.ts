import { expect, test } from 'vitest';
import { groupCommit } from '../src/group-commit.ts';

/** A write that ends when the test says so. */
function heldWrites() {
  const batches: (readonly number[])[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const write = (items: readonly number[]) =>
    new Promise<void>((resolve, reject) => {
      batches.push(items);
      ends.push((error) => (error ? reject(error) : resolve()));
    });
  return { batches, write, end: (error?: Error) => ends.shift()?.(error) };
}

const limits = { maxBatch: 3, maxWaiting: 5, full: () => new Error('full') };

test('writes a lone item at once', () => {
  const { batches, write } = heldWrites();
  void groupCommit(write, limits).add(1);
  expect(batches).toEqual([[1]]);
});

test('lets what arrives during a write share the next one, in order and no more than a batch holds', async () => {
  const { batches, write, end } = heldWrites();
  const group = groupCommit(write, limits);
  const added = [1, 2, 3, 4, 5].map((item) => group.add(item));
  end();
  await added[0];
  expect(batches).toEqual([[1], [2, 3, 4]]);
  end();
  await added[3];
  end();
  await Promise.all(added);
  expect(batches).toEqual([[1], [2, 3, 4], [5]]);
});

test('resolves an item only once its write has ended', async () => {
  const { write, end } = heldWrites();
  const group = groupCommit(write, limits);
  let durable = false;
  const added = group.add(1).then(() => (durable = true));
  await Promise.resolve();
  expect(durable).toBe(false);
  end();
  await added;
  expect(durable).toBe(true);
});

test('fails the items of a failed write and goes on with the others', async () => {
  const { write, end } = heldWrites();
  const group = groupCommit(write, limits);
  const first = group.add(1);
  const second = group.add(2);
  end(new Error('disk'));
  await expect(first).rejects.toThrow('disk');
  end();
  await expect(second).resolves.toBeUndefined();
});

test('refuses what is more than may wait', async () => {
  const { write, end } = heldWrites();
  const group = groupCommit(write, limits);
  const accepted = [1, 2, 3, 4, 5, 6].map((item) => group.add(item));
  await expect(group.add(7)).rejects.toThrow('full');
  for (let write = 0; write < 3; write++) {
    end();
    await accepted[write * 3];
  }
  await Promise.all(accepted);
});

test('drains when nothing waits and nothing is being written', async () => {
  const { batches, write, end } = heldWrites();
  const group = groupCommit(write, limits);
  await group.drain();
  const first = group.add(1);
  const second = group.add(2);
  const drained = group.drain();
  end();
  await first;
  end();
  await drained;
  expect(batches).toEqual([[1], [2]]);
  await second;
});
