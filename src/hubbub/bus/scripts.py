"""What the server does in one atomic step, in Lua.

Numbers pass 2^53 nowhere: times are microseconds. `%.0f` keeps them out of scientific notation.
"""

from __future__ import annotations

from hashlib import sha1

KEEP_SECONDS = 60
KEEP_ENTRIES = 1_000
REMEMBER_SECONDS = 86_400
EXACT = 1_000

SUBMIT = f"""
-- KEYS: one a limit; then state and log of the topic, if there is a publication
-- ARGV: how many limits, what each allows in a second; then channel and body
-- answers {{1, admission time}} or {{0, which limit is reached}}
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local ms = math.floor(now / 1000)
local limits = tonumber(ARGV[1])
for i = 1, limits do
  local rate, key = tonumber(ARGV[1 + i]), KEYS[i]
  if rate < 1 then return {{0, i}} end
  if rate <= {EXACT} then
    local at = redis.call('LINDEX', key, -rate)
    if at and tonumber(at) > now - 1000000 then return {{0, i}} end
  else
    -- merged by the millisecond: a list of "ms:count", and their sum beside it
    local total = tonumber(redis.call('GET', key .. ':sum') or '0')
    local first = redis.call('LINDEX', key .. ':ms', 0)
    while first do
      local at, count = string.match(first, '(%d+):(%d+)')
      if tonumber(at) > ms - 1000 then break end
      redis.call('LPOP', key .. ':ms')
      total = redis.call('DECRBY', key .. ':sum', count)
      first = redis.call('LINDEX', key .. ':ms', 0)
    end
    if total >= rate then return {{0, i}} end
  end
end
for i = 1, limits do
  local rate, key = tonumber(ARGV[1 + i]), KEYS[i]
  if rate <= {EXACT} then
    if redis.call('RPUSH', key, string.format('%.0f', now)) > 2 * rate then
      redis.call('LTRIM', key, -rate, -1)
    end
    redis.call('PEXPIRE', key, 1100)
  else
    local last = redis.call('LINDEX', key .. ':ms', -1)
    local at, count = string.match(last or '0:0', '(%d+):(%d+)')
    if tonumber(at) == ms + 1 then
      redis.call('LSET', key .. ':ms', -1, at .. ':' .. string.format('%.0f', count + 1))
    else
      redis.call('RPUSH', key .. ':ms', string.format('%.0f:1', ms + 1))
    end
    redis.call('INCR', key .. ':sum')
    redis.call('PEXPIRE', key .. ':ms', 2000)
    redis.call('PEXPIRE', key .. ':sum', 2000)
  end
end
local channel = ARGV[limits + 2]
if not channel then return {{1, now}} end
local state, log = KEYS[limits + 1], KEYS[limits + 2]
local known = redis.call('HMGET', state, 'epoch', 'number', 'at')
local epoch = known[1] or string.format('%.0f', now)
local number = string.format('%.0f', (known[2] or 0) + 1)
local at = string.format('%.0f', math.max(now, (known[3] or 0) + 1))
redis.call('HSET', state, 'epoch', epoch, 'number', number, 'at', at)
redis.call('EXPIRE', state, {REMEMBER_SECONDS})
local entry = epoch .. ' ' .. number .. ' ' .. at .. ' ' .. ARGV[limits + 3]
if redis.call('RPUSH', log, entry) > 2 * {KEEP_ENTRIES} then
  redis.call('LTRIM', log, -{KEEP_ENTRIES}, -1)
end
redis.call('EXPIRE', log, {KEEP_SECONDS})
redis.call('PUBLISH', channel, entry)
return {{1, tonumber(at)}}
"""

RECORD = """
-- KEYS: state and log of a topic; ARGV: epoch and number the subscriber has, epoch '' if none
-- answers {epoch, number, the entries it lacks as far as they are kept}
local known = redis.call('HMGET', KEYS[1], 'epoch', 'number')
if not known[1] then return {'0', '0', {}} end
local entries = {}
if ARGV[1] == known[1] then
  local missed = known[2] - ARGV[2]
  if missed > 0 then
    entries = redis.call('LRANGE', KEYS[2], string.format('%.0f', -missed), -1)
  end
elseif ARGV[1] ~= '' then
  entries = redis.call('LRANGE', KEYS[2], 0, -1)
end
return {known[1], known[2], entries}
"""

COUNT = """
-- KEYS: the counts of a scope; ARGV: node, its count (negative: it leaves), milliseconds to keep it
-- answers the sum of the other nodes' counts
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if tonumber(ARGV[2]) < 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. string.format('%.0f', now + ARGV[3]))
end
local sum = 0
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local count, ends = string.match(all[i + 1], '(%d+) (%d+)')
  if tonumber(ends) <= now then
    redis.call('HDEL', KEYS[1], all[i])
  elseif all[i] ~= ARGV[1] then
    sum = sum + count
  end
end
redis.call('PEXPIRE', KEYS[1], 2 * ARGV[3])
return sum
"""

ALL = (SUBMIT, RECORD, COUNT)


def digest(script: str) -> str:
    """The name EVALSHA knows it by."""
    return sha1(script.encode(), usedforsecurity=False).hexdigest()
