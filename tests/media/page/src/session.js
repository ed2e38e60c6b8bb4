// A meeting session as the options ask for it.
import {
  AllHighestVideoBandwidthPolicy,
  DefaultDeviceController,
  DefaultMeetingSession,
  MeetingSessionConfiguration,
  ServerSideNetworkAdaption,
  TargetDisplaySize,
  VideoCodecCapability,
  VideoPreference,
  VideoPreferences,
  VideoPriorityBasedPolicy,
  VideoPriorityBasedPolicyConfig,
} from "amazon-chime-sdk-js";

const CODECS = {
  vp8: () => VideoCodecCapability.vp8(),
  vp9: () => VideoCodecCapability.vp9Profile0(),
  h264: () => VideoCodecCapability.h264ConstrainedBaselineProfile(),
  av1: () => VideoCodecCapability.av1Main(),
};

export const codecs = (names) => names.map((name) => CODECS[name]());

const SIZES = {
  low: TargetDisplaySize.Low,
  medium: TargetDisplaySize.Medium,
  high: TargetDisplaySize.High,
  maximum: TargetDisplaySize.Maximum,
};

// [[attendee id, priority (1 is highest), size]…]
export function preferences(wanted) {
  const prepared = VideoPreferences.prepare();
  for (const [attendeeId, priority, size] of wanted) {
    prepared.add(new VideoPreference(attendeeId, priority, SIZES[size]));
  }
  return prepared.build();
}

// policy: "default", "all-highest", "priority" or "priority-on-server".
function downlinkPolicy(name, attendeeId, logger) {
  if (name === "all-highest") return new AllHighestVideoBandwidthPolicy(attendeeId);
  const configuration = new VideoPriorityBasedPolicyConfig();
  if (name === "priority-on-server") {
    configuration.serverSideNetworkAdaption =
      ServerSideNetworkAdaption.BandwidthProbingAndRemoteVideoQualityAdaption;
  }
  return new VideoPriorityBasedPolicy(logger, configuration);
}

export function meetingSession(meeting, attendee, options, logger) {
  const configuration = new MeetingSessionConfiguration(meeting, attendee);
  configuration.enableSimulcastForUnifiedPlanChromiumBasedBrowsers = Boolean(options.simulcast);
  configuration.enableSVC = Boolean(options.svc);
  if (options.policy && options.policy !== "default") {
    configuration.videoDownlinkBandwidthPolicy = downlinkPolicy(
      options.policy,
      attendee.AttendeeId ?? attendee.Attendee.AttendeeId,
      logger,
    );
  }
  const devices = new DefaultDeviceController(logger, { enableWebAudio: false });
  const session = new DefaultMeetingSession(configuration, logger, devices);
  if (options.codecs) session.audioVideo.setVideoCodecSendPreferences(codecs(options.codecs));
  return session;
}
