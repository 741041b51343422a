package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
)

const (
	provisionerName          = "revenprox.io/local"
	provisionedByAnnotation  = "pv.kubernetes.io/provisioned-by"
	provisionerAnnotation    = "volume.kubernetes.io/storage-provisioner"
	selectedNodeAnnotation   = "volume.kubernetes.io/selected-node"
	hostnameLabel            = "kubernetes.io/hostname"
	resyncEvery              = time.Minute
	firstRetry, slowestRetry = 50 * time.Millisecond, 5 * time.Second
)

// volumeProvisioner gives each claim of its storage classes a folder on the node that the scheduler chose.
type volumeProvisioner struct {
	client  kubernetes.Interface
	folder  string
	claims  cache.SharedIndexInformer
	volumes cache.SharedIndexInformer
	queue   workqueue.TypedRateLimitingInterface[string]
}

func newVolumeProvisionerCommand() *cobra.Command {
	var kubeconfig, folder string
	command := &cobra.Command{
		Use:          "volume-provisioner",
		Short:        "Makes and removes node-local volumes for claims of provisioner " + provisionerName,
		SilenceUsage: true,
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
			if err != nil {
				return err
			}
			client, err := kubernetes.NewForConfig(config)
			if err != nil {
				return err
			}
			return newVolumeProvisioner(client, folder).run(command.Context())
		},
	}
	command.Flags().StringVar(&kubeconfig, "kubeconfig", "", "path of a kubeconfig")
	command.Flags().StringVar(&folder, "folder", "", "folder that holds one subfolder per volume")
	return command
}

func newVolumeProvisioner(client kubernetes.Interface, folder string) *volumeProvisioner {
	core := informers.NewSharedInformerFactory(client, resyncEvery).Core().V1()
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[string](firstRetry, slowestRetry)
	return &volumeProvisioner{
		client:  client,
		folder:  folder,
		claims:  core.PersistentVolumeClaims().Informer(),
		volumes: core.PersistentVolumes().Informer(),
		queue:   workqueue.NewTypedRateLimitingQueue(limiter),
	}
}

func (p *volumeProvisioner) run(ctx context.Context) error {
	if ctx == nil {
		ctx = context.Background()
	}
	for _, informer := range []cache.SharedIndexInformer{p.claims, p.volumes} {
		if _, err := informer.AddEventHandler(p.enqueueAll()); err != nil {
			return err
		}
		go informer.RunWithContext(ctx)
	}
	if !cache.WaitForCacheSync(ctx.Done(), p.claims.HasSynced, p.volumes.HasSynced) {
		return ctx.Err()
	}
	for {
		key, stopped := p.queue.Get()
		if stopped {
			return nil
		}
		if err := p.reconcile(ctx, key); err != nil {
			klog.ErrorS(err, "will try again", "key", key)
			p.queue.AddRateLimited(key)
		} else {
			p.queue.Forget(key)
		}
		p.queue.Done(key)
	}
}

// A claim's key is namespace/name, a volume's is its name alone.
func (p *volumeProvisioner) enqueueAll() cache.ResourceEventHandler {
	enqueue := func(object any) {
		if key, err := cache.MetaNamespaceKeyFunc(object); err == nil {
			p.queue.Add(key)
		}
	}
	return cache.ResourceEventHandlerFuncs{AddFunc: enqueue, UpdateFunc: func(_, now any) { enqueue(now) }}
}

func (p *volumeProvisioner) reconcile(ctx context.Context, key string) error {
	if object, found, err := p.claims.GetStore().GetByKey(key); err != nil || found {
		if err != nil {
			return err
		}
		return p.provision(ctx, object.(*corev1.PersistentVolumeClaim))
	}
	object, found, err := p.volumes.GetStore().GetByKey(key)
	if err != nil || !found {
		return err
	}
	return p.reclaim(ctx, object.(*corev1.PersistentVolume))
}

func (p *volumeProvisioner) provision(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	node := claim.Annotations[selectedNodeAnnotation]
	if claim.Spec.VolumeName != "" || node == "" || claim.Annotations[provisionerAnnotation] != provisionerName {
		return nil
	}
	volume := p.volumeFor(claim, node)
	if err := os.MkdirAll(volume.Spec.Local.Path, 0o777); err != nil {
		return err
	}
	// The process's umask must not keep a container's own user out.
	if err := os.Chmod(volume.Spec.Local.Path, 0o777); err != nil {
		return err
	}
	_, err := p.client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("volume for claim %s/%s: %w", claim.Namespace, claim.Name, err)
	}
	return nil
}

func (p *volumeProvisioner) volumeFor(claim *corev1.PersistentVolumeClaim, node string) *corev1.PersistentVolume {
	name := "pvc-" + string(claim.UID)
	class := ""
	if claim.Spec.StorageClassName != nil {
		class = *claim.Spec.StorageClassName
	}
	onNode := corev1.NodeSelectorRequirement{Key: hostnameLabel, Operator: corev1.NodeSelectorOpIn, Values: []string{node}}
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{provisionedByAnnotation: provisionerName}},
		Spec: corev1.PersistentVolumeSpec{
			AccessModes:                   claim.Spec.AccessModes,
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
			StorageClassName:              class,
			VolumeMode:                    claim.Spec.VolumeMode,
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID, ResourceVersion: claim.ResourceVersion,
			},
			// Of the two node-local kinds, only this one obeys a pod's fsGroup.
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				Local: &corev1.LocalVolumeSource{Path: filepath.Join(p.folder, name)},
			},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{onNode}}},
			}},
		},
	}
}

func (p *volumeProvisioner) reclaim(ctx context.Context, volume *corev1.PersistentVolume) error {
	ours := volume.Annotations[provisionedByAnnotation] == provisionerName && volume.Spec.Local != nil
	deletable := volume.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete
	if !ours || !deletable || volume.Status.Phase != corev1.VolumeReleased || volume.DeletionTimestamp != nil {
		return nil
	}
	if filepath.Dir(volume.Spec.Local.Path) != filepath.Clean(p.folder) {
		return fmt.Errorf("volume %s lies at %s, outside of %s: not removed", volume.Name, volume.Spec.Local.Path, p.folder)
	}
	if err := os.RemoveAll(volume.Spec.Local.Path); err != nil {
		return err
	}
	err := p.client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
