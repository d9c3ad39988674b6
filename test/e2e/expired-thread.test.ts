import { tellStories } from './story.ts'

// What people see when nobody decides. It takes the minute that it says: in a file of its own, beside others.

tellStories('when nobody decides', { expiresAfter: '1m' }, [
  { name: 'expired', instead: async () => undefined, ends: 'Expired' },
])
