"""The scripts that a Redis log runs; Redis runs each as one step.

``KEYS[1]`` is a hash of how a stream stands, ``KEYS[2]`` a Redis stream with the entry ``{seq}`` under the id
``{seq}-0``. ``KEYS[3]``, the bell, is one Redis stream for all: each change adds the id of the stream that
changed, and who reads blocks on it. ``ARGV[1]`` is that id; what comes after it and what is returned is said
with each script. Times are milliseconds of the Redis server's clock.
"""

from typing import Final

_COMMON: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function id(seq)
  return string.format('%d-0', seq)
end

-- Make the lease last from now, and all be forgotten if nobody comes back to it.
local function prolong(ttl, keep)
  redis.call('HSET', KEYS[1], 'until', string.format('%d', now + ttl))
  redis.call('PEXPIRE', KEYS[1], ttl + keep)
  redis.call('PEXPIRE', KEYS[2], ttl + keep)
end

local function ring(keep)
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 's', ARGV[1])
  redis.call('PEXPIRE', KEYS[3], keep)
end

local function held(token)
  local kept = redis.call('HMGET', KEYS[1], 'token', 'until', 'finished')
  return kept[1] == token and not kept[3] and tonumber(kept[2]) > now
end

local function last()
  return tonumber(redis.call('HGET', KEYS[1], 'last'))
end
"""

ACQUIRE: Final = (
    _COMMON
    + """
local _, owner, token, ttl, keep, take_over = unpack(ARGV)
local kept = redis.call('HMGET', KEYS[1], 'owner', 'token', 'until', 'finished')
if kept[1] then
  local lost = tonumber(kept[3]) <= now
  local wanted = take_over == 'open' or take_over == 'lost' and lost
  if wanted and not kept[4] and kept[1] == owner then
    redis.call('HSET', KEYS[1], 'token', token)
    prolong(ttl, keep)
  elseif kept[2] ~= token then
    return false
  end
else
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'owner', owner, 'token', token, 'born', token, 'last', 0)
  prolong(ttl, keep)
end
return last()
"""
)
"""owner, token, ttl, keep, take_over -> the last number, or nothing. The same token gets it again."""

APPEND: Final = (
    _COMMON
    + """
local _, token, ttl, keep, max_entries = unpack(ARGV, 1, 5)
local seq = tonumber(ARGV[6])
if not held(token) then return {'lease'} end
local top = last()
if seq > top + 1 then return {'hole', top} end
for i = 7, #ARGV do
  if seq <= top then
    local kept = redis.call('XRANGE', KEYS[2], id(seq), id(seq))[1]
    if kept and kept[2][2] ~= ARGV[i] then return {'other', top, seq} end
  else
    redis.call('XADD', KEYS[2], id(seq), 'p', ARGV[i])
    top = seq
  end
  seq = seq + 1
end
redis.call('HSET', KEYS[1], 'last', string.format('%d', top))
redis.call('XTRIM', KEYS[2], 'MAXLEN', max_entries)
prolong(ttl, keep)
ring(keep)
return {'done'}
"""
)
"""token, ttl, keep, max_entries, first number, payloads...
-> what became of it, the last number, the number that is taken."""

RENEW: Final = (
    _COMMON
    + """
if not held(ARGV[2]) then return 0 end
prolong(ARGV[3], ARGV[4])
return 1
"""
)
"""token, ttl, keep -> whether the lease was held."""

FINISH: Final = (
    _COMMON
    + """
local _, token, keep = unpack(ARGV)
local kept = redis.call('HMGET', KEYS[1], 'token', 'finished')
if kept[1] == token and kept[2] then return 1 end
if not held(token) then return 0 end
redis.call('HSET', KEYS[1], 'finished', 1)
prolong(0, keep)
ring(keep)
return 1
"""
)
"""token, keep -> whether the lease was held."""

DELETE: Final = (
    _COMMON
    + """
redis.call('DEL', KEYS[1], KEYS[2])
ring(ARGV[2])
return 1
"""
)
"""keep -> 1."""

LOOK: Final = (
    _COMMON
    + """
local after, count = tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = redis.call('HMGET', KEYS[1], 'born', 'owner', 'until', 'finished', 'last')
if not kept[1] then return false end
local top = tonumber(kept[5])
local function from(seq, most)
  if top < seq or most < 1 then return {} end
  return redis.call('XRANGE', KEYS[2], id(seq), id(top), 'COUNT', most)
end
return {kept[1], kept[2], tonumber(kept[3]) - now, kept[4] or '', top, from(1, 1), from(after + 1, count)}
"""
)
"""after, count -> born, owner, milliseconds left, finished, last number, first entry, the next entries."""
