"""The scripts that a Redis log runs; Redis runs each as one step.

``KEYS[1]`` is a hash of a stream: how it stands, and each entry under its number. ``KEYS[2]``, the bell, is
one Redis stream for all: each change adds the id of the stream that changed, and who reads blocks on it.
``ARGV[1]`` is that id; what comes after it and what is returned is said with each script. Times are
milliseconds of the Redis server's clock.

What a script writes must do no harm if Redis does it late. When Redis dies while it writes the ``MULTI`` of a
script to its append-only file, it forgets that at the next start, but does what is left of it at the start
after that, before what came later (https://github.com/valkey-io/valkey/pull/4342). So who writes to a stream
says all that may change of how it stands, an entry is written over whatever is there, and the script that
takes away does one thing only, for which there is no ``MULTI``.
"""

from typing import Final

_COMMON: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local kept = redis.call('HMGET', KEYS[1], 'owner', 'born', 'token', 'until', 'finished', 'first', 'last')
local stream = kept[7] and {
  owner = kept[1], born = kept[2], token = kept[3], ends = tonumber(kept[4]),
  finished = kept[5] == '1', first = tonumber(kept[6]), last = tonumber(kept[7]),
}

local function held(token)
  return stream and stream.token == token and not stream.finished and stream.ends > now
end

-- Say how the stream stands, and have all of it forgotten if nobody comes back to it.
local function stand(ttl, keep)
  redis.call('HSET', KEYS[1], 'token', stream.token, 'until', string.format('%d', now + ttl),
    'finished', stream.finished and 1 or 0,
    'first', string.format('%d', stream.first), 'last', string.format('%d', stream.last))
  redis.call('PEXPIRE', KEYS[1], ttl + keep)
end

local function ring(keep)
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', 10000, '*', 's', ARGV[1])
  redis.call('PEXPIRE', KEYS[2], keep)
end
"""

ACQUIRE: Final = (
    _COMMON
    + """
local _, owner, token, ttl, keep, take_over = unpack(ARGV)
if not stream then
  stream = {token = token, finished = false, first = 1, last = 0}
  redis.call('HSET', KEYS[1], 'owner', owner, 'born', token)
elseif stream.token ~= token then
  local wanted = take_over == 'open' or take_over == 'lost' and stream.ends <= now
  if not wanted or stream.finished or stream.owner ~= owner then return false end
  stream.token = token
end
stand(ttl, keep)
return stream.last
"""
)
"""owner, token, ttl, keep, take_over -> the last number, or nothing. The same token gets it again."""

APPEND: Final = (
    _COMMON
    + """
local _, token, ttl, keep, max_entries = unpack(ARGV, 1, 5)
local seq = tonumber(ARGV[6])
if not held(token) then return {'lease'} end
local before = stream.last
if seq > before + 1 then return {'hole', before} end
for i = 7, #ARGV do
  local name = string.format('%d', seq)
  if seq <= before then
    local there = redis.call('HGET', KEYS[1], name)
    if there and there ~= ARGV[i] then return {'other', before, seq} end
  else
    redis.call('HSET', KEYS[1], name, ARGV[i])
    stream.last = seq
  end
  seq = seq + 1
end
while stream.last - stream.first >= tonumber(max_entries) do
  redis.call('HDEL', KEYS[1], string.format('%d', stream.first))
  stream.first = stream.first + 1
end
stand(ttl, keep)
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
stand(ARGV[3], ARGV[4])
return 1
"""
)
"""token, ttl, keep -> whether the lease was held."""

FINISH: Final = (
    _COMMON
    + """
local _, token, keep = unpack(ARGV)
if stream and stream.token == token and stream.finished then return 1 end
if not held(token) then return 0 end
stream.finished = true
stand(0, keep)
ring(keep)
return 1
"""
)
"""token, keep -> whether the lease was held."""

DELETE: Final = "return redis.call('UNLINK', KEYS[1])"
"""-> whether there was such a stream."""

RING: Final = (
    _COMMON
    + """
ring(ARGV[2])
return 1
"""
)
"""keep -> 1."""

LOOK: Final = (
    _COMMON
    + """
if not stream then return false end
local from, count = tonumber(ARGV[2]) + 1, tonumber(ARGV[3])
from = math.max(from, stream.first)
local names = {}
for seq = from, math.min(stream.last, from + count - 1) do
  names[#names + 1] = string.format('%d', seq)
end
local entries = {}
local payloads = #names > 0 and redis.call('HMGET', KEYS[1], unpack(names)) or {}
for i, payload in ipairs(payloads) do
  if payload then entries[#entries + 1] = {from + i - 1, payload} end
end
return {stream.born, stream.owner, stream.ends - now, stream.finished and 1 or 0,
  stream.first, stream.last, entries}
"""
)
"""after, count -> born, owner, milliseconds left, finished, first number, last number, the next entries."""
