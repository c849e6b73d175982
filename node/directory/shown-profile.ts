// What people see of a user, out of the record: the photo by its name, as its bytes are fetched only to be painted.
import type { ProfileRecord } from '../../src/protocols/profile/record.ts';
import { photoName } from '../../src/realm/photo.ts';
import type { UserProfile } from './directory.ts';

export function shownOf({
  name,
  photo,
  department,
}: ProfileRecord): Pick<UserProfile, 'name' | 'photo' | 'department'> {
  return { name, ...(photo && { photo: photoName(photo) }), ...(department !== undefined && { department }) };
}
